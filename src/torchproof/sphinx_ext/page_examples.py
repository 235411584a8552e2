"""Which example of the finder a `{doctest}` block of a page is, told by what both hold.

Sphinx and the finder read a page apart. A block and an example are the same if they have the same
statements, outputs and options, and come from the page's own file; of equal ones, the first is the
first.
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
    """An example with its section, and its number among the examples of its page."""

    subject: Subject
    example: Example
    number: int

    @property
    def is_setup(self) -> bool:
        """Whether it stands before the sections, and runs before each of them."""
        return self.example in self.subject.setup


class PageExamples:
    """The examples of the page that is being read, and the blocks that they were met by."""

    def __init__(self, subjects: list[Subject]) -> None:
        pairs = [(s, e) for s in subjects[:1] for e in s.setup]
        pairs += [(s, e) for s in subjects for e in s.examples]
        self._left = [Place(*pair, number) for number, pair in enumerate(pairs)]
        self._met: dict[int, Place] = {}

    def meet(self, code: str, options: Mapping[str, str | None]) -> Place | None:
        """Return the next example that is equal to a block, and count it as met."""
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
        """Remember the node that shows an example."""
        self._met[id(block)] = place

    def place_of(self, block: nodes.Node) -> Place | None:
        """Return the example that a node of the page shows."""
        return self._met.get(id(block))

    def unmet(self) -> Iterator[Example]:
        """Yield the examples that no block of the page was equal to."""
        yield from (place.example for place in self._left)


def page_examples(env: BuildEnvironment) -> PageExamples:
    """Return the examples of the page that is being read."""
    # Sphinx forgets what is kept here when the page has been read.
    if _KEY not in env.temp_data:
        env.temp_data[_KEY] = PageExamples(subjects_of(env, env.docname))
    examples = env.temp_data[_KEY]
    assert isinstance(examples, PageExamples)
    return examples


def is_told_of(env: BuildEnvironment) -> bool:
    """Say whether the finder could not read all of a page: then it has said so, and why."""
    path = Path(env.doc2path(env.docname))
    return any(root_of(env) / problem.file == path for problem in proof_of(env).found.problems)


def _pictures_in(options: Mapping[str, str | None]) -> tuple[Picture, ...]:
    """Return the pictures that the options of a block ask for, in the order of the finder."""
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
    """Warn of what was checked and is not on the page that was read."""
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
    """Ask for what was not met at the end of each page."""
    app.connect("doctree-read", _tell_unmet)
