"""The `{torch-changes}` directive: what the marks say, by the release that brought it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.marks import release_of
from torchproof.proof import Proof
from torchproof.sphinx_ext.freshness import depend, proof_mark
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.tables import docname_of, document_link, row, subject_link, table
from torchproof.sphinx_ext.wording import say
from torchproof.subjects import Marks, Subject

if TYPE_CHECKING:
    from sphinx.application import Sphinx

Release = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """What a release brought to a section, or ended there."""

    release: Release
    subject: Subject
    new: bool
    """Whether the whole section came or went."""
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes_of(subject: Subject) -> Iterator[Change]:
    """Yield what the marks of a subject say, one change for each release."""
    whole = _sides([(subject.marks, subject.title)])
    for release, (before, after) in whole.items():
        yield Change(release, subject, True, tuple(before), tuple(after))
    parts = _sides([(example.marks, example.change) for example in subject.examples])
    for release, (before, after) in parts.items():
        yield Change(release, subject, False, tuple(before), tuple(after))


def _sides(marks: list[tuple[Marks, str]]) -> dict[Release, tuple[list[str], list[str]]]:
    """Return what ended and what began, by the release that changed it."""
    sides: dict[Release, tuple[list[str], list[str]]] = {}
    for mark, text in marks:
        if mark.until:
            major, minor = release_of(mark.until)
            _add(sides.setdefault((major, minor + 1), ([], []))[0], text)
        if mark.since:
            _add(sides.setdefault(release_of(mark.since), ([], []))[1], text)
    return sides


def _add(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)


class ChangesDirective(SphinxDirective):
    """Draw a section for each release, the newest first: what is new, what has changed."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        depend(self.env, proof_mark)
        proof: Proof = proof_of(self.env)
        by_release: dict[Release, list[Change]] = {}
        for subject in proof.found.subjects:
            for change in changes_of(subject):
                by_release.setdefault(change.release, []).append(change)
        return [
            self._release(release, by_release[release])
            for release in sorted(by_release, reverse=True)
        ]

    def _release(self, release: Release, changes: list[Change]) -> nodes.section:
        name = "torch {}.{}".format(*release)
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
        """Return a link to the section, and the title of its page, as sections are named alike."""
        paragraph = nodes.paragraph("", "", subject_link(self.env, subject, subject.title))
        page = document_link(self.env, docname_of(subject))
        paragraph += [nodes.Text(" "), nodes.inline("", "", page, classes=["changes-page"])]
        return paragraph

    def _text(self, texts: tuple[str, ...]) -> nodes.paragraph:
        paragraph = nodes.paragraph()
        for number, text in enumerate(texts):
            inline, _ = self.parse_inline(text)
            paragraph += [*([nodes.Text("; ")] if number else []), *inline]
        return paragraph


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("torch-changes", ChangesDirective)
