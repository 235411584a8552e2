"""The `{doctest}` directive: Sphinx's own, with pictures of what was recorded below the block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.ext.doctest import DoctestDirective

from torchproof.finding.marks import hold_on, running_versions
from torchproof.finding.subjects import Example, Picture, Subject
from torchproof.pictures.kinds import Pane
from torchproof.running.outcome import Drawing
from torchproof.sphinx_ext.drawings import drawing_node
from torchproof.sphinx_ext.pane_pictures import pane_path, shown_width
from torchproof.sphinx_ext.proving import proof_of, subjects_of
from torchproof.sphinx_ext.translation import say_marks

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import OptionSpec

_COUNT = "torchproof_example"


@dataclass(frozen=True)
class _Place:
    subject: Subject
    example: Example
    drawings: list[Drawing]


class ExampleDirective(DoctestDirective):
    """An example that the stock doctest builder runs too."""

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
        """Return the block, then its pictures."""
        number = int(self.env.temp_data.get(_COUNT) or 0)
        self.env.temp_data[_COUNT] = number + 1
        place = self._place(number)
        if place is None:
            return super().run()
        if place.example in place.subject.examples:
            self._skip_where_it_cannot_run(place.subject, place.example)
        result = [*self._caption(place.example), *super().run()]
        for picture, drawing in zip(place.example.pictures, place.drawings, strict=False):
            result += self._picture(picture, drawing, place)
        return result

    def _caption(self, example: Example) -> list[nodes.Node]:
        if not example.marks:
            return []
        release = nodes.inline("", say_marks(example.marks), classes=["entry-since"])
        change, _ = self.parse_inline(example.change)
        return [nodes.paragraph("", "", release, nodes.Text(" "), *change, classes=["marked"])]

    def _skip_where_it_cannot_run(self, subject: Subject, example: Example) -> None:
        # The stock builder knows neither devices nor needs nor marks; it evaluates this where it
        # runs.
        where = running_versions()
        if not (hold_on(subject.marks, where) and hold_on(example.marks, where)):
            self.options["skipif"] = "True"
        elif subject.only == "cuda":
            self.options["skipif"] = "not __import__('torch').cuda.is_available()"
        elif subject.needs == "browser":
            found = "__import__('importlib').import_module('torchproof.visdom.browser')"
            self.options["skipif"] = f"{found}.missing_browser()"

    def _place(self, number: int) -> _Place | None:
        """Return where this directive stands among the examples of its page.

        Directives are counted, since the line numbers that directives get are off inside lists.
        """
        proof = proof_of(self.env)
        subjects = subjects_of(self.env, self.env.docname)
        places = [_Place(s, e, []) for s in subjects[:1] for e in s.setup]
        for subject in subjects:
            drawings = proof.drawings.get(subject.id, ())
            for index, example in enumerate(subject.examples):
                own = [drawing for drawing in drawings if drawing.example == index]
                places.append(_Place(subject, example, own))
        return places[number] if number < len(places) else None

    def _picture(self, picture: Picture, drawing: Drawing, place: _Place) -> list[nodes.Node]:
        if not isinstance(drawing.shown, Pane):
            return [drawing_node(drawing.shown, self.env)]
        path = pane_path(self.env, place.subject, drawing.example, picture)
        if not path.is_file():
            # Where it stands in a later build, the page is read again.
            self.env.note_dependency(str(path))
            return []
        uri = f"/{path.relative_to(self.env.srcdir).as_posix()}"
        image = nodes.image(
            uri=uri, alt=picture.alt, width=f"{shown_width(path)}px", classes=["pane"]
        )
        return [nodes.container("", image, classes=["pane-frame"])]


def setup(app: Sphinx) -> None:
    """Take the place of the stock directive; the stock builder reads our nodes as its own."""
    app.setup_extension("sphinx.ext.doctest")
    app.add_directive("doctest", ExampleDirective, override=True)
