"""The `{doctest}` directive: Sphinx's own, with the recorded pictures below the block."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.ext.doctest import DoctestDirective

from torchproof.devices import ANY_ACCELERATOR
from torchproof.finding.marks import hold_on, running_versions
from torchproof.finding.subjects import Example, Picture, Subject
from torchproof.pictures.kinds import Pane
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Drawing
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.drawings import drawing_node
from torchproof.sphinx_ext.page_examples import Place, is_told_of, page_examples
from torchproof.sphinx_ext.pane_pictures import pane_path, shown_width
from torchproof.sphinx_ext.proving import proof_of, root_of, site_of, subjects_of
from torchproof.sphinx_ext.translation import say_marks
from torchproof.sphinx_ext.warning_types import Kind, warn
from torchproof.visdom.browser import missing_browser

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import OptionSpec

_INCLUDE = re.compile(r"(?:\{include\}|\.\. include::)\s+(\S+)")


class ExampleDirective(DoctestDirective):
    """An example, which the stock doctest builder can run too."""

    option_spec: ClassVar[OptionSpec] = {
        **DoctestDirective.option_spec,
        "graph": directives.unchanged,
        "saved": directives.flag,
        "tree": directives.unchanged,
        "trace": directives.unchanged,
        "pane": directives.unchanged,
        "alt": directives.unchanged,
        "since": directives.unchanged,
        "until": directives.unchanged,
        "python": directives.unchanged,
        "change": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the caption if the example is marked, the block, and its pictures."""
        place = self._meet()
        if place is None:
            return super().run()
        depend_on(self.env, _fingerprint)
        if not place.is_setup:
            self._skip_where_it_cannot_run(place.subject, place.example)
        block = super().run()
        page_examples(self.env).keep(place, block[0])
        result = [*self._caption(place.example), *block]
        for picture, drawing in self._drawn(place):
            result += self._picture(picture, drawing, place)
        return result

    def _meet(self) -> Place | None:
        """Return the example that matches this block; warn if the page has none."""
        source, line = self.get_source_info()
        page = self.env.doc2path(self.env.docname)
        inside = Path(source) == Path(page)
        code = "\n".join(self.content)
        place = page_examples(self.env).meet(code, self.options) if inside else None
        if place is None and not is_told_of(self.env):
            self._tell_unchecked(Path(source), line, Path(page), inside=inside)
        return place

    def _tell_unchecked(self, source: Path, line: int, page: Path, *, inside: bool) -> None:
        if inside:
            message = (
                "nobody checked this {doctest} block: no example of the page has its code, output "
                "and options; write it as a fence of a Markdown page, with options as plain "
                "`:key: value` lines"
            )
            warn(Kind.EXAMPLE, message, location=f"{source}:{line}")
            return
        root = root_of(self.env)
        shown = [p.relative_to(root) if p.is_relative_to(root) else p for p in (source, page)]
        message = (
            f"nobody checked the {{doctest}} block of {shown[0]}:{line}, which comes here by "
            f"{{include}}: examples are read from the page itself; move it into {shown[1]}"
        )
        warn(Kind.EXAMPLE, message, location=self._include_of(source, page) or f"{source}:{line}")

    def _include_of(self, source: Path, page: Path) -> str | None:
        """Return the line where a page includes a file; None for a nested include."""
        for number, text in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
            found = _INCLUDE.search(text)
            if found and Path(self.env.relfn2path(found[1])[1]) == source:
                return f"{page}:{number}"
        return None

    def _drawn(self, place: Place) -> Iterator[tuple[Picture, Drawing]]:
        """Yield each picture of the block with its recorded data; warn if that is missing."""
        drawings = proof_of(self.env).drawings.get(place.subject.id, ())
        for picture in place.example.pictures:
            wanted = (place.subject.examples.index(place.example), picture.kind, picture.name)
            drawing = next((d for d in drawings if (d.example, d.kind, d.name) == wanted), None)
            if drawing is not None:
                yield picture, drawing
            elif self._ran_here(place):
                cache = Path(self.env.srcdir, self.config.torchproof_cache, "drawings").resolve()
                message = (
                    f"nothing was drawn for the {picture.kind} of `{picture.name}`, though the "
                    f"example ran here; remove {cache} and build again"
                )
                warn(Kind.PICTURE, message, location=self.get_location())

    def _ran_here(self, place: Place) -> bool:
        """Return whether the example passed in this environment, so that pictures must exist."""
        here = describe_environment("cpu")
        verdicts = proof_of(self.env).verdicts(place.subject)
        passed = any(e.id == here.id and v.status == "passed" for e, v in verdicts.items())
        # The record may be of another machine with this environment, and with a browser.
        lacking = place.subject.needs == "browser" and missing_browser()
        return passed and not lacking and hold_on(place.example.marks, here)

    def _caption(self, example: Example) -> list[nodes.Node]:
        if not example.marks:
            return []
        release = nodes.inline("", say_marks(example.marks), classes=["entry-since"])
        change, _ = self.parse_inline(example.change)
        return [nodes.paragraph("", "", release, nodes.Text(" "), *change, classes=["marked"])]

    def _skip_where_it_cannot_run(self, subject: Subject, example: Example) -> None:
        # The stock builder knows no devices, needs or marks; it evaluates `skipif` when it runs.
        where = running_versions()
        if not (hold_on(subject.marks, where) and hold_on(example.marks, where)):
            self.options["skipif"] = "True"
        elif subject.only is not None and subject.only != "cpu":
            self.options["skipif"] = _absent(subject.only)
        elif subject.needs == "browser":
            found = "__import__('importlib').import_module('torchproof.visdom.browser')"
            self.options["skipif"] = f"{found}.missing_browser()"

    def _picture(self, picture: Picture, drawing: Drawing, place: Place) -> list[nodes.Node]:
        if not isinstance(drawing.shown, Pane):
            subject, example = place.subject.id, drawing.example
            return [drawing_node(drawing.shown, self.env, subject=subject, example=example)]
        path = pane_path(self.env, place.subject, drawing.example, picture)
        if not path.is_file():
            # Read the page again in a later build that has the picture.
            self.env.note_dependency(str(path))
            return []
        uri = f"/{path.relative_to(self.env.srcdir).as_posix()}"
        image = nodes.image(
            uri=uri, alt=picture.alt, width=f"{shown_width(path)}px", classes=["pane"]
        )
        return [nodes.container("", image, classes=["pane-frame"])]


def _absent(only: str) -> str:
    """Return an expression for `skipif` that is true if no such device is available."""
    found = "__import__('torch').accelerator.current_accelerator(check_available=True)"
    if only == ANY_ACCELERATOR:
        return f"{found} is None"
    return f"getattr({found}, 'type', '') != {only!r}"


def _fingerprint(env: BuildEnvironment, docname: str) -> str:
    """Return a page's recorded data, and which of its examples run on these versions."""
    here, drawings, replays = running_versions(), proof_of(env).drawings, site_of(env).replays
    shown = [
        (
            list(drawings.get(subject.id, ())),
            replays.get(subject.id),
            [
                hold_on(marks, here)
                for marks in (subject.marks, *(e.marks for e in subject.examples))
            ],
        )
        for subject in subjects_of(env, docname)
    ]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def setup(app: Sphinx) -> None:
    """Replace the stock directive; the stock builder accepts our nodes as its own."""
    app.setup_extension("sphinx.ext.doctest")
    app.add_directive("doctest", ExampleDirective, override=True)
