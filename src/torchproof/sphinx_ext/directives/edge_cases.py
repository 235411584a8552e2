"""The `{edge-cases}` and `{held}` directives: what seldom matters is folded, proven as the rest.

`{held}` folds its content: what a server holds after the call that stands before it. So does
`{edge-cases}` with content. Without, it is a mark that folds what follows it in its section, with
the sections below; at the end of a subsection it folds the subsections after it. That happens only
as a page is written: subjects, anchors, the table of contents and the search see it unfolded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.directives.entry import entry_footer
from torchproof.sphinx_ext.folds import EDGE_CASES, HELD, fold
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import SphinxTranslator


class edge_cases_mark(nodes.Invisible, nodes.Element):  # noqa: N801
    """The place from which the rest of a section is folded."""


class EdgeCasesDirective(SphinxDirective):
    """Fold the content, or the rest of the section."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the fold, or the mark where it begins."""
        if not self.content:
            return [edge_cases_mark(location=self.get_location())]
        return [_folded(self, EDGE_CASES)]


class HeldDirective(SphinxDirective):
    """Fold the content: what a server holds."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the fold; warn if it folds nothing."""
        if not self.content:
            warn(
                Kind.ENTRY,
                "{held} folds its content, and it has none: put the examples into it",
                location=self.get_location(),
            )
        return [_folded(self, HELD)]


def _folded(directive: SphinxDirective, kind: str) -> fold:
    content = fold("", *directive.parse_content_to_nodes(), kind=kind)
    directive.set_source_info(content)
    return content


class FoldEdgeCases(SphinxPostTransform):
    """Move what follows a mark into a fold."""

    default_priority = 8

    def run(self, **_: object) -> None:
        """Fold the rest of each section with a mark, but not the footer of its entry."""
        for mark in list(self.document.findall(edge_cases_mark)):
            place: nodes.Element = mark
            rest = _after(place)
            if not rest and _is_below_an_entry(mark.parent):
                # At the end of a subsection: what folds are the subsections after it.
                place = mark.parent
                rest = _after(place)
            if not rest or not isinstance(place.parent, nodes.section):
                warn(
                    Kind.ENTRY,
                    "{edge-cases} without content folds the rest of its section, and here is none: "
                    "move it up, or put what it folds into it",
                    location=mark["location"],
                )
            else:
                around = place.parent
                for node in rest:
                    around.remove(node)
                around.insert(around.index(place) + 1, fold("", *rest, kind=EDGE_CASES))
            mark.parent.remove(mark)


def _after(node: nodes.Element) -> list[nodes.Node]:
    """Return what follows a node in its section, without the footer of the entry."""
    around = node.parent
    following = around.children[around.index(node) + 1 :]
    return [other for other in following if not isinstance(other, entry_footer)]


def _is_below_an_entry(section: nodes.Element) -> bool:
    """Return whether a section is at least at the third level: a page, an entry, a part of it."""
    above = section.parent
    return isinstance(above, nodes.section) and isinstance(above.parent, nodes.section)


def _pass(_: SphinxTranslator, __: edge_cases_mark) -> None:
    """Write nothing for a mark."""


def setup(app: Sphinx) -> None:
    """Register the mark, the directive and the transform."""
    plain = (_pass, _pass)
    app.add_node(edge_cases_mark, html=plain, latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_directive("edge-cases", EdgeCasesDirective)
    app.add_directive("held", HeldDirective)
    app.add_post_transform(FoldEdgeCases)
