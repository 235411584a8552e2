"""Extract the sections of a page for the search."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from docutils import nodes
from sphinx import addnodes

from torchproof.sphinx_ext.messages import examples_in, messages_in, sentences_in

_Node = TypeVar("_Node", bound=nodes.Element)
_IDENTIFIER = re.compile(r"[^\W\d]\w{2,}")
_LONGEST_TITLE = 70
_DRAWN_CLASSES = {"verdict", "entry-footer", "sphx-glr-script-out"}
_NOT_PROSE = (
    nodes.section,
    nodes.title,
    nodes.comment,
    nodes.raw,
    nodes.literal_block,
    nodes.figure,
    nodes.system_message,
    addnodes.only,
    addnodes.desc_signature,
    addnodes.toctree,
)


@dataclass(frozen=True)
class Section:
    """A heading and its content, up to the next heading."""

    anchor: str
    """Empty for the top of the page."""
    title: str
    kind: Literal["page", "script", "entry", "section", "row"]
    names: tuple[str, ...]
    """Public names that it documents."""
    messages: tuple[str, ...]
    """Error and warning messages in the output of its examples."""
    text: str
    code: tuple[str, ...]
    """Unique identifiers in its code."""


def sections_of(document: nodes.document, *, of_script: bool, of_errors: bool) -> list[Section]:
    """Return the sections of a page in order.

    With `of_errors`, every output line of prose is a message, even without a type.
    """
    found = []
    for node in document.findall(nodes.section):
        top = isinstance(node.parent, nodes.document)
        names = tuple(name for sign in _own(node, addnodes.desc_signature) for name in sign["ids"])
        first: Literal["page", "script"] = "script" if of_script else "page"
        blocks = list(_own(node, nodes.literal_block))
        found.append(
            Section(
                anchor="" if top else node["ids"][0],
                title=node[0].astext(),
                kind=first if top else "entry" if names else "section",
                names=names,
                messages=tuple(dict.fromkeys(_messages(blocks, of_errors=of_errors))),
                text=" ".join(" ".join(_prose(node)).split()),
                code=tuple(dict.fromkeys(_identifiers(node, blocks))),
            )
        )
        found += [_of_row(row) for row in _own(node, nodes.row) if _is_item(row)]
    return found


def _of_row(row: nodes.row) -> Section:
    """Return the section of a row that has an anchor; its title is how it begins."""
    anchor = next(row.findall(nodes.target))["ids"][0]
    text = " ".join(" ".join(_prose(row)).split())
    title = textwrap.shorten(text, _LONGEST_TITLE, placeholder=" …")
    return Section(anchor, title, "row", names=(), messages=(), text=text, code=())


def _is_item(node: nodes.Node) -> bool:
    """Return whether a node is a row that a link can lead to."""
    if not isinstance(node, nodes.row):
        return False
    first = next(node.findall(nodes.target), None)
    return first is not None and bool(first["ids"])


def _own(section: nodes.Element, kind: type[_Node]) -> Iterator[_Node]:
    """Yield the nodes of a kind in a section, excluding its subsections."""
    for child in section.children:
        if isinstance(child, kind):
            yield child
        elif isinstance(child, nodes.Element) and not _is_apart(child):
            yield from _own(child, kind)


def _is_apart(node: nodes.Element) -> bool:
    return isinstance(node, (nodes.section, addnodes.only)) or bool(
        _DRAWN_CLASSES & set(node["classes"])
    )


def _prose(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, _NOT_PROSE) or not isinstance(child, nodes.Element):
            continue
        if _DRAWN_CLASSES & set(child["classes"]) or _is_item(child):
            continue
        if isinstance(child, nodes.TextElement):
            yield child.astext()
        else:
            yield from _prose(child)


def _messages(blocks: list[nodes.literal_block], *, of_errors: bool) -> Iterator[str]:
    for block in blocks:
        for example in examples_in(block):
            yield from messages_in(example.want)
            if of_errors:
                yield from sentences_in(example.want)


def _identifiers(node: nodes.Element, blocks: list[nodes.literal_block]) -> Iterator[str]:
    signatures = [sign.astext() for sign in _own(node, addnodes.desc_signature)]
    sources = [
        "".join(example.source for example in examples_in(block)) or block.astext()
        for block in blocks
        if not _DRAWN_CLASSES & set(block["classes"])
    ]
    for text in (*signatures, *sources):
        yield from (word for word in _IDENTIFIER.findall(text) if not keyword.iskeyword(word))
