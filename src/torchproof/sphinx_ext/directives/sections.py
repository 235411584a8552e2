"""Match subjects with the sections of a page by the line of the heading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.transforms import SphinxTransform

from torchproof.finding.subjects import Subject
from torchproof.sphinx_ext.directives.entry import entry_footer
from torchproof.sphinx_ext.directives.verdict import draw_verdict
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.page_examples import is_told_of, page_examples
from torchproof.sphinx_ext.placeholders import place, placeholder
from torchproof.sphinx_ext.proving import root_of, subjects_of
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class PlaceInSections(SphinxTransform):
    """Move footers to the end of their sections; give each subject its verdict and its anchor."""

    # Before translation, so that a section has the same anchor in all languages.
    default_priority = 15

    def apply(self, **_: object) -> None:
        """Place the footers, verdicts and anchors of a page, and check its examples."""
        for footer in list(self.document.findall(entry_footer)):
            section = next(_sections_around(footer))
            footer.parent.remove(footer)
            section += footer
        sections = {}
        for subject in subjects_of(self.env, self.env.docname):
            found = self._section_of(subject)
            if found is not None:
                sections[subject.id] = found
                self._place(subject, found)
            elif not is_told_of(self.env):
                self._tell_missing(subject)
        self._drop_verdicts_of_nothing()
        self._compare_examples(sections)

    def _section_of(self, subject: Subject) -> nodes.section | None:
        sections = self.document.findall(nodes.section)
        if subject.kind == "script":
            # A script is the whole page.
            return next(sections, None)
        page = str(self.env.doc2path(self.env.docname))
        here = (s for s in sections if (str(s.source), s.line) == (page, subject.line))
        return next(here, None)

    def _place(self, subject: Subject, section: nodes.section) -> None:
        proof_domain(self.env).note_subject(subject.id, section["ids"][0])
        verdict = next(filter(_is_open, section.findall(placeholder)), None)
        if verdict is None:
            verdict = place(draw_verdict)
            section.insert(1, verdict)
        verdict["subject"] = subject.id

    def _tell_missing(self, subject: Subject) -> None:
        path = root_of(self.env) / subject.file
        warn(
            Kind.EXAMPLE,
            f"no section of the page begins here, so '{subject.title}' gets no verdict and no link "
            "leads to it: put the heading at the left margin, outside of lists, quotes and "
            "directives",
            location=f"{path}:{subject.line}",
        )

    def _drop_verdicts_of_nothing(self) -> None:
        """Remove the verdicts of entries without a subject, and warn of them."""
        for verdict in list(filter(_is_open, self.document.findall(placeholder))):
            verdict.parent.remove(verdict)
            if not is_told_of(self.env):
                warn(
                    Kind.ENTRY,
                    "this {entry} stands in no section of the page's own file that has checked "
                    "examples; move it below the heading of one",
                    location=verdict["location"],
                )

    def _compare_examples(self, sections: dict[str, nodes.section]) -> None:
        """Warn of examples that are shown in a section other than the one they run in."""
        examples = page_examples(self.env)
        for block in self.document.findall(nodes.literal_block):
            found = examples.place_of(block)
            own = sections.get(found.subject.id) if found and not found.is_setup else None
            around = list(_sections_around(block))
            if found is None or own is None or own in around:
                continue
            title = around[0][0].astext() if around else ""
            path = Path(self.env.doc2path(self.env.docname))
            warn(
                Kind.EXAMPLE,
                f"this example is shown in the section '{title}', but checked in "
                f"'{found.subject.title}': headings that the page does not have itself part no "
                "examples; write the heading into the page",
                location=f"{path}:{found.example.line}",
            )


def _is_open(node: placeholder) -> bool:
    """Return whether a placeholder is for a verdict without a subject."""
    return node["draw"] is draw_verdict and not node["subject"]


def _sections_around(node: nodes.Node) -> Iterator[nodes.section]:
    """Yield the sections around a node, innermost first."""
    above = node.parent
    while above is not None:
        if isinstance(above, nodes.section):
            yield above
        above = above.parent


def setup(app: Sphinx) -> None:
    """Register the transform."""
    app.add_transform(PlaceInSections)
