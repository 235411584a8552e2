"""Match the `{doctest}` blocks of a page with the finder's examples by content.

Sphinx and the finder parse a page independently. A block matches an example with the same
statements, outputs and options in the page's own file; equal ones are matched in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from torchproof.finding.statements import BadBlock, parse_statements
from torchproof.finding.subjects import Example, Marks, Picture, Subject
from torchproof.sphinx_ext.proving import proof_of, root_of, subjects_of
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_KEY = "torchproof_examples"


@dataclass(frozen=True)
class Place:
    """An example with its subject."""

    subject: Subject
    example: Example

    @property
    def is_setup(self) -> bool:
        """Whether the example precedes all sections, so that it runs before each of them."""
        return self.example in self.subject.setup


class PageExamples:
    """The examples of the current page, and the blocks matched with them."""

    def __init__(self, subjects: list[Subject]) -> None:
        pairs = [(s, e) for s in subjects[:1] for e in s.setup]
        pairs += [(s, e) for s in subjects for e in s.examples]
        self._left = [Place(*pair) for pair in pairs]
        self._met: dict[int, Place] = {}

    def meet(self, code: str, options: Mapping[str, str | None]) -> Place | None:
        """Return the next unmatched example equal to a block, and mark it as matched."""
        try:
            said = [(s.source, s.want) for s in parse_statements(code, 1)]
        except BadBlock:
            return None
        wanted = _pictures_in(options), _marks_in(options), _words(options.get("change"))
        for place in self._left:
            example = place.example
            if said == [(s.source, s.want) for s in example.statements] and wanted == (
                example.pictures,
                example.marks,
                example.change,
            ):
                self._left.remove(place)
                return place
        return None

    def keep(self, place: Place, block: nodes.Node) -> None:
        """Store the node that shows an example."""
        self._met[id(block)] = place

    def place_of(self, block: nodes.Node) -> Place | None:
        """Return the example that a node of the page shows."""
        return self._met.get(id(block))

    def unmet(self) -> Iterator[Example]:
        """Yield the examples without a matching block."""
        yield from (place.example for place in self._left)


def page_examples(env: BuildEnvironment) -> PageExamples:
    """Return the examples of the current page."""
    # Sphinx clears temp_data after each page.
    if _KEY not in env.temp_data:
        env.temp_data[_KEY] = PageExamples(subjects_of(env, env.docname))
    examples = env.temp_data[_KEY]
    assert isinstance(examples, PageExamples)
    return examples


def is_told_of(env: BuildEnvironment) -> bool:
    """Return whether the finder has already reported a problem in the current page."""
    path = Path(env.doc2path(env.docname))
    return any(root_of(env) / problem.file == path for problem in proof_of(env).found.problems)


def _pictures_in(options: Mapping[str, str | None]) -> tuple[Picture, ...]:
    """Return the pictures that the options of a block request, in the finder's order."""
    graph, tree, trace, pane = (_words(options.get(k)) for k in ("graph", "tree", "trace", "pane"))
    pictures = [Picture("graph", graph, saved="saved" in options)] if graph else []
    pictures += [Picture("tree", tree)] if tree else []
    pictures += [Picture("trace", trace)] if trace else []
    if pane:
        window, _, env = pane.partition(" ")
        alt = _words(options.get("alt"))
        pictures.append(Picture("pane", window, env=env.strip() or "main", alt=alt))
    return tuple(pictures)


def _marks_in(options: Mapping[str, str | None]) -> Marks:
    return Marks(**{key: _words(options.get(key)) for key in ("since", "until", "python")})


def _words(option: str | None) -> str:
    return option or ""


def _tell_unmet(app: Sphinx, _: nodes.document) -> None:
    """Warn of examples that were checked but are not shown on the page."""
    env = app.env
    if is_told_of(env):
        return
    for example in page_examples(env).unmet():
        warn(
            Kind.EXAMPLE,
            "this example was checked, but no {doctest} block with its code, output and options "
            "is on the page: take it out of what stands around it, and give options as plain "
            "`:key: value` lines",
            location=f"{env.doc2path(env.docname)}:{example.line}",
        )


def setup(app: Sphinx) -> None:
    """Check for unmatched examples at the end of each page."""
    app.connect("doctree-read", _tell_unmet)
