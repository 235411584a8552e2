"""The `{torch-changes}` directive: the marked changes, by release of torch or Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.finding.marks import release_of
from torchproof.finding.subjects import Example, Marks, Subject
from torchproof.records.proof import Proof
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.directives.tables import (
    docname_of,
    document_link,
    row,
    subject_link,
    table,
)
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.translation import say, say_marks

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

Release = tuple[str, int, int]
"""Product, `torch` or `Python`, with major and minor version."""


@dataclass(frozen=True)
class Change:
    """A change of a section in a release."""

    release: Release
    subject: Subject
    new: bool
    """Whether the whole section is new or gone."""
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes_of(subject: Subject) -> Iterator[Change]:
    """Yield the changes in a subject's marks: by release, of the whole and of its examples."""
    whole = _sides([(subject.marks, subject.title)])
    for release, (before, after) in whole.items():
        yield Change(release, subject, True, tuple(before), tuple(after))
    parts = _sides([(example.marks, _text_of(example)) for example in subject.examples])
    for release, (before, after) in parts.items():
        yield Change(release, subject, False, tuple(before), tuple(after))


def _text_of(example: Example) -> str:
    """Return an example's `:change:`, with its Python mark if it is listed under torch."""
    marks = example.marks
    if not (marks.python and (marks.since or marks.until)):
        return example.change
    return f"{example.change} ({say_marks(Marks(python=marks.python))})"


def _sides(marks: list[tuple[Marks, str]]) -> dict[Release, tuple[list[str], list[str]]]:
    """Return the texts that ended and those that began, by release."""
    sides: dict[Release, tuple[list[str], list[str]]] = {}
    for mark, text in marks:
        for release, began in _borders(mark):
            _add(sides.setdefault(release, ([], []))[began], text)
    return sides


def _borders(mark: Marks) -> Iterator[tuple[Release, bool]]:
    """Yield the releases in which a marked part begins (True) or no longer holds (False).

    A part marked by both torch and Python is listed under torch only.
    """
    if mark.until:
        major, minor = release_of(mark.until)
        yield ("torch", major, minor + 1), False
    if mark.since:
        yield ("torch", *release_of(mark.since)), True
    if mark.python and not (mark.since or mark.until):
        version = mark.python.removeprefix("<")
        yield ("Python", *release_of(version)), version == mark.python


def _place_on_page(release: Release) -> tuple[bool, int, int]:
    product, major, minor = release
    return product != "torch", -major, -minor


def _add(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)


class ChangesDirective(SphinxDirective):
    """Show a section for each release, torch before Python, newest first."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        depend_on(self.env, _fingerprint)
        proof: Proof = proof_of(self.env)
        by_release: dict[Release, list[Change]] = {}
        for subject in proof.found.subjects:
            for change in changes_of(subject):
                by_release.setdefault(change.release, []).append(change)
        return [
            self._release(release, by_release[release])
            for release in sorted(by_release, key=_place_on_page)
        ]

    def _release(self, release: Release, changes: list[Change]) -> nodes.section:
        name = "{} {}.{}".format(*release)
        section = nodes.section(ids=[nodes.make_id(f"in {name}")], names=[])
        section += nodes.title("", say("In %s") % name)
        whole = [change for change in changes if change.new]
        if whole:
            items = [self._whole(change) for change in whole]
            section += nodes.paragraph("", "", nodes.strong("", say("New or gone:")))
            section += nodes.bullet_list("", *items)
        parts = [change for change in changes if not change.new]
        if parts:
            section += table(
                [say("entry"), say("before"), say("since %s") % name],
                [self._part(change) for change in parts],
                classes=["changes"],
            )
        return section

    def _whole(self, change: Change) -> nodes.list_item:
        word = say(" is new") if change.after else say(" is gone")
        place = self._place(change.subject)
        place.insert(1, nodes.Text(word))
        return nodes.list_item("", place)

    def _part(self, change: Change) -> nodes.row:
        return row(
            [self._place(change.subject), self._text(change.before), self._text(change.after)]
        )

    def _place(self, subject: Subject) -> nodes.paragraph:
        """Return links to the section and its page, since section titles repeat between pages."""
        paragraph = nodes.paragraph("", "", subject_link(self.env.docname, subject, subject.title))
        page = document_link(self.env.docname, docname_of(subject))
        paragraph += [nodes.Text(" "), nodes.inline("", "", page, classes=["changes-page"])]
        return paragraph

    def _text(self, texts: tuple[str, ...]) -> nodes.paragraph:
        paragraph = nodes.paragraph()
        for number, text in enumerate(texts):
            inline, _ = self.parse_inline(text)
            paragraph += [*([nodes.Text("; ")] if number else []), *inline]
        return paragraph


def _fingerprint(env: BuildEnvironment, _: str) -> str:
    """Return the marks with their subjects and examples; verdicts do not matter."""
    return str(
        [
            (s.id, s.title, s.marks, [(e.marks, e.change) for e in s.examples])
            for s in proof_of(env).found.subjects
            if s.marks or any(e.marks for e in s.examples)
        ]
    )


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("torch-changes", ChangesDirective)
