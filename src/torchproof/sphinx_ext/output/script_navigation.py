"""Links to the previous and next script, at the end of a script's page and in theme buttons."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from torchproof.finding.subjects import Subject
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.proving import order_of, subjects_of
from torchproof.sphinx_ext.script_pages import reference_to, script_docname
from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class EndWithNeighbours(SphinxTransform):
    """End a script's page with links to the next and the previous one in reading order."""

    default_priority = 410

    def apply(self, **_: object) -> None:
        """Insert the links above sphinx-gallery's footer."""
        script = _script_of(self.env, self.env.docname)
        if script is None:
            return
        depend_on(self.env, _fingerprint)
        order = order_of(self.env)
        place = order.place(script.file)
        if place is None:
            return
        before, after = order.around(script.file)
        box = nodes.container(classes=["reading-order"])
        at = [s.file for s in order.scripts].index(script.file) + 1
        where = nodes.paragraph(classes=["reading-order-place"])
        words = say("%(at)d of %(all)d in the reading order, chapter %(number)d: %(chapter)s")
        number, chapter = place
        where += nodes.Text(
            words
            % {
                "at": at,
                "all": len(order.scripts),
                "number": number,
                "chapter": chapter.heading,
            }
        )
        box += where
        for kind, words, other in (
            ("next", say("Next: "), after),
            ("before", say("Before: "), before),
        ):
            if other is not None:
                line = nodes.paragraph(classes=[f"reading-order-{kind}"])
                line += [nodes.Text(words), reference_to(other, self.env.docname)]
                box += line
        # sphinx-gallery's footer is in the last section, whatever its depth.
        footer = next(filter(_is_gallery_footer, self.document.findall(addnodes.only)), None)
        if footer is not None:
            footer.parent.insert(footer.parent.index(footer), box)
        else:
            next(iter(self.document.findall(nodes.section))).append(box)


def _is_gallery_footer(node: addnodes.only) -> bool:
    return any("sphx-glr-footer" in part["classes"] for part in node.findall(nodes.container))


def _follow_order(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], __: nodes.document | None
) -> None:
    """Make the theme's buttons at the end of a script's page follow the reading order, too."""
    script = _script_of(app.env, pagename) if pagename in app.env.found_docs else None
    if script is None or order_of(app.env).place(script.file) is None:
        return
    for key, other in zip(("prev", "next"), order_of(app.env).around(script.file), strict=True):
        context[key] = other and {
            "link": app.builder.get_relative_uri(pagename, script_docname(other)),
            "title": escape(other.title),
        }


def _script_of(env: BuildEnvironment, docname: str) -> Subject | None:
    return next((s for s in subjects_of(env, docname) if s.kind == "script"), None)


def _fingerprint(env: BuildEnvironment, docname: str) -> str:
    order, script = order_of(env), _script_of(env, docname)
    place = order.place(script.file) if script else None
    if script is None or place is None:
        return ""
    files = [s.file for s in order.scripts]
    around = [s and (s.file, s.title) for s in order.around(script.file)]
    return str((files.index(script.file), len(files), place[0], place[1].heading, around))


def setup(app: Sphinx) -> None:
    """Register the transform, and the handler that sets the theme's buttons."""
    app.add_transform(EndWithNeighbours)
    app.connect("html-page-context", _follow_order)
