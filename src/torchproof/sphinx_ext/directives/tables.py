"""Build nodes for tables, cross-references in their cells, and filters above them."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from docutils import nodes
from sphinx import addnodes

from torchproof.finding.subjects import Subject
from torchproof.sphinx_ext.translation import say

Cell = nodes.Element | str


def table(
    head: Sequence[str], rows: Iterable[nodes.row], *, classes: Sequence[str] = (), name: str = ""
) -> nodes.container:
    """Return a table in a scrollable frame; make its rows with `row`."""
    body = nodes.tbody("", *rows)
    columns = [nodes.colspec(colwidth=1) for _ in head]
    group = nodes.tgroup("", *columns, nodes.thead("", row(head)), body, cols=len(head))
    element = nodes.table("", group, classes=[*classes])
    return nodes.container("", element, classes=["table-frame"], ids=[name] if name else [])


def row(cells: Iterable[Cell], *, classes: Sequence[str] = ()) -> nodes.row:
    """Return a row; text and inline nodes are wrapped in a paragraph."""
    entries = []
    for cell in cells:
        if isinstance(cell, str | nodes.Inline | nodes.Text):
            text = nodes.Text(cell) if isinstance(cell, str) else cell
            cell = nodes.paragraph("", "", text)
        entries.append(nodes.entry("", cell))
    return nodes.row("", *entries, classes=[*classes])


def subject_link(docname: str, subject: Subject, text: str) -> addnodes.pending_xref:
    """Return a link from a page to a subject: the section of an entry or the page of a script."""
    link = addnodes.pending_xref(
        "",
        nodes.inline("", text),
        refdomain="proof",
        reftype="subject",
        reftarget=subject.id,
        refexplicit=True,
        refwarn=True,
    )
    link["refdoc"] = docname
    return link


def document_link(docname: str, target: str) -> addnodes.pending_xref:
    """Return a link from a page to another, with the title of the target as text."""
    link = addnodes.pending_xref(
        "",
        nodes.inline("", ""),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{target}",
        refexplicit=False,
        refwarn=True,
    )
    link["refdoc"] = docname
    return link


def anchor_link(
    docname: str, page: str, anchor: str, content: Iterable[nodes.Node]
) -> addnodes.pending_xref:
    """Return a link from a page to a place on a page, its top if the anchor is empty."""
    link = addnodes.pending_xref(
        "",
        nodes.inline("", "", *content),
        refdomain="proof",
        reftype="anchor",
        reftarget=f"{page}#{anchor}",
        refexplicit=True,
        refwarn=True,
    )
    link["refdoc"] = docname
    return link


def docname_of(subject: Subject) -> str:
    """Return the page of a subject."""
    return PurePosixPath(subject.file).with_suffix("").as_posix().removeprefix("docs/")


def filters(target: str, facets: Mapping[str, tuple[str, Mapping[str, str]]]) -> nodes.raw:
    """Return the form for filters.js, with a choice for each facet and a box for words.

    `facets` maps the name of a facet to its label and to labels by value; rows have classes such as
    `facet-verdict-holds`. Without JavaScript the form is hidden and all rows are shown.
    """
    counted_of = html.escape(say("%(shown)s of %(all)s"))
    every = html.escape(say("all"))
    parts = [f'<form class="filters" data-target="{target}" data-of="{counted_of}">']
    words = html.escape(say("Words"))
    parts.append(f'<label>{words} <input type="search" name="words"></label>')
    for name, (title, values) in facets.items():
        options = "".join(
            f'<option value="{html.escape(value)}">{html.escape(label)}</option>'
            for value, label in values.items()
        )
        parts.append(
            f'<label>{html.escape(title)} <select name="{name}">'
            f'<option value="">{every}</option>{options}</select></label>'
        )
    parts.append('<output aria-live="polite"></output></form>')
    return nodes.raw("", "".join(parts), format="html")


def facet(name: str, value: str) -> str:
    """Return the CSS class of rows with a value of a facet."""
    return f"facet-{name}-{value}"
