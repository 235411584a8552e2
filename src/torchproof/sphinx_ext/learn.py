"""The reading order of the scripts: the `{learn}` directive, and on each script its neighbours."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from torchproof.question import question
from torchproof.reading_order import Chapter, ReadingOrder, read_order
from torchproof.sphinx_ext.marks import depend
from torchproof.sphinx_ext.problems import Kind, warn
from torchproof.sphinx_ext.proving import proof_of, root_of, subjects_of
from torchproof.subjects import Subject

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ORDER = "learn.toml"
_ROLE = re.compile(r":(py:\w+):(`[^`]+`)")


def order_of(app: Sphinx) -> ReadingOrder:
    """Return the order of the scripts of the site that is being built."""
    order: ReadingOrder = app.torchproof_order  # type: ignore[attr-defined]
    return order


def _read(app: Sphinx) -> None:
    root = root_of(app)
    path = Path(app.srcdir, ORDER)
    order, problems = read_order(path, proof_of(app).found, root=root)
    app.torchproof_order = order  # type: ignore[attr-defined]
    for problem in problems:
        warn(Kind.ORDER, problem.message, location=f"{root / problem.file}:{problem.line}")


class LearnDirective(SphinxDirective):
    """List the scripts by chapter, each with its question and what it found."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each chapter; the numbers run through."""
        depend(self.env, _order_mark)
        sections: list[nodes.Node] = []
        first = 1
        for chapter in order_of(self.env.app).chapters:
            sections.append(self._section(chapter, first))
            first += len(chapter.scripts)
        return sections

    def _section(self, chapter: Chapter, first: int) -> nodes.section:
        section = nodes.section(ids=[nodes.make_id(chapter.heading)], classes=["chapter"])
        section += nodes.title("", chapter.heading)
        section += nodes.paragraph("", "", *self._inline(chapter.about))
        steps = nodes.enumerated_list(enumtype="arabic", start=first, classes=["steps"])
        for script in chapter.scripts:
            step = nodes.list_item()
            asked = _ROLE.sub(r"{\1}\2", question(script)).replace("``", "`")
            step += nodes.paragraph("", "", _reference(script, self.env.docname))
            step += nodes.paragraph("", "", *self._inline(asked), classes=["step-question"])
            steps += step
        section += steps
        return section

    def _inline(self, text: str) -> list[nodes.Node]:
        return self.parse_inline(text, lineno=self.lineno)[0]


class EndWithNeighbours(SphinxTransform):
    """End the page of a script with the next one in reading order, and the one before."""

    default_priority = 410

    def apply(self, **_: object) -> None:
        """Add them above what sphinx-gallery puts at the end."""
        script = _script_of(self.env.app, self.env.docname)
        if script is None:
            return
        depend(self.env, _neighbours_mark)
        place = order_of(self.env.app).place(script.file)
        if place is None:
            return
        before, after = order_of(self.env.app).around(script.file)
        number, chapter = place
        box = nodes.container(classes=["reading-order"])
        where = nodes.paragraph(classes=["reading-order-place"])
        where += nodes.Text(f"Chapter {number}: {chapter.heading}, in ")
        where += _document(f"/{Path(ORDER).stem}", "the reading order", self.env.docname)
        box += where
        for kind, words, other in (("next", "Next: ", after), ("before", "Before: ", before)):
            if other is not None:
                line = nodes.paragraph(classes=[f"reading-order-{kind}"])
                line += [nodes.Text(words), _reference(other, self.env.docname)]
                box += line
        section = next(iter(self.document.findall(nodes.section)))
        footers = [n for n, child in enumerate(section) if _is_gallery_footer(child)]
        section.insert(footers[0] if footers else len(section), box)


def _is_gallery_footer(node: nodes.Node) -> bool:
    containers = node.findall(nodes.container) if isinstance(node, addnodes.only) else ()
    return any("sphx-glr-footer" in container["classes"] for container in containers)


def _follow_order(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], __: nodes.document | None
) -> None:
    """Have the theme's buttons at the end of a script's page follow the reading order, too."""
    script = _script_of(app, pagename) if pagename in app.env.found_docs else None
    if script is None or order_of(app).place(script.file) is None:
        return
    for key, other in zip(("prev", "next"), order_of(app).around(script.file), strict=True):
        context[key] = other and {
            "link": app.builder.get_relative_uri(pagename, _docname(other)),
            "title": escape(other.title),
        }


def _script_of(app: Sphinx, docname: str) -> Subject | None:
    return next((s for s in subjects_of(app, docname) if s.kind == "script"), None)


def _docname(script: Subject) -> str:
    return Path(script.file).with_suffix("").as_posix()


def _reference(script: Subject, docname: str) -> nodes.Node:
    return _document(f"/{_docname(script)}", script.title, docname)


def _document(target: str, text: str, docname: str) -> nodes.Node:
    reference = addnodes.pending_xref(
        "", refdomain="std", reftype="doc", reftarget=target, refexplicit=True
    )
    reference["refdoc"] = docname
    reference["refwarn"] = True
    reference += nodes.inline("", text)
    return reference


def _order_mark(app: Sphinx, _: str) -> str:
    chapters = order_of(app).chapters
    return str([(c.heading, c.about, [(s.file, s.digest) for s in c.scripts]) for c in chapters])


def _neighbours_mark(app: Sphinx, docname: str) -> str:
    script = _script_of(app, docname)
    if script is None or (place := order_of(app).place(script.file)) is None:
        return ""
    around = order_of(app).around(script.file)
    return str((place[0], place[1].heading, [s and (s.file, s.title) for s in around]))


def setup(app: Sphinx) -> None:
    """Read the order once the scripts are known; register the directive and the transform."""
    app.add_directive("learn", LearnDirective)
    app.add_transform(EndWithNeighbours)
    app.connect("builder-inited", _read, priority=6)
    app.connect("html-page-context", _follow_order)
