"""Split a MyST page into the parts that statements are made of, by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from torchproof.finding.markdown import split_options

_DIRECTIVE = re.compile(r"\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)", re.DOTALL)
_TRANSPARENT = {
    "admonition", "attention", "caution", "container", "danger", "dropdown", "edge-cases", "held",
    "hint", "important", "note", "seealso", "silent", "tip", "visdom-page", "warning",
}  # fmt: skip
"""Directives whose content is prose of the page."""


class Shape(Enum):
    """What a part is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ROW = "row"
    """A row of a table below its head, or an item of a list."""
    PARAMETER = "parameter"
    """An item of `{parameters}`, which needs a link."""
    BLOCK = "block"
    """A `{doctest}` block."""
    SCOPE = "scope"
    """A comment that explains a universal word: `% scope(only): the reason`."""
    EXPLAINED = "explained"
    REPORTED = "reported"
    NOTE = "note"
    """A box on the note of 2019."""
    OTHER = "other"
    """A picture, an entry's signature, a plain code fence."""


@dataclass(frozen=True)
class Part:
    """A part of a page."""

    shape: Shape
    line: int
    """Line in the file, from 1."""
    text: str
    """Markdown text; the code of a block; the argument of a directive before its content."""
    group: int = 0
    """Number of its table or list on the page; 0 for other parts."""


def parts(text: str, *, offset: int = 0) -> Iterator[Part]:
    """Yield the parts of a page in order; `offset` is added to their lines."""
    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    parser.use(colon_fence_plugin).use(deflist_plugin).use(myst_block_plugin)
    yield from _walk(parser.parse(text), offset)


def _walk(tokens: Sequence[Token], offset: int) -> Iterator[Part]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = _closing(tokens, index)
        line = (token.map[0] if token.map else 0) + 1 + offset
        inner = tokens[index + 1 : end]
        if token.type == "heading_open":
            yield Part(Shape.HEADING, line, inner[0].content)
        elif token.type == "paragraph_open":
            yield Part(Shape.PARAGRAPH, line, inner[0].content)
        elif token.type in {"table_open", "bullet_list_open", "ordered_list_open", "dl_open"}:
            yield from _rows(inner, line, offset)
        elif token.type == "blockquote_open":
            yield from _walk(inner, offset)
        elif token.type in {"fence", "colon_fence"}:
            yield from _fence(token, line)
        elif token.type == "myst_line_comment":
            yield from _scopes(token.content, line)
        index = end + 1


def _closing(tokens: Sequence[Token], index: int) -> int:
    """Return the index of the token that closes this one, or its own."""
    level: int = tokens[index].nesting
    while level > 0:
        index += 1
        level += tokens[index].nesting
    return index


def _rows(tokens: Sequence[Token], group: int, offset: int) -> Iterator[Part]:
    """Yield the rows of a table's body, or the items of a list; its line is its number."""
    kinds = {"tr_open", "list_item_open", "dd_open"}
    body = next((n for n, token in enumerate(tokens) if token.type == "tbody_open"), -1) + 1
    index = body
    while index < len(tokens):
        token = tokens[index]
        if token.type in kinds:
            end = _closing(tokens, index)
            cells = [t.content for t in tokens[index:end] if t.type == "inline"]
            line = (token.map[0] if token.map else 0) + 1 + offset
            yield Part(Shape.ROW, line, " | ".join(cells), group)
            index = end
        index += 1


def _fence(token: Token, line: int) -> Iterator[Part]:
    match = _DIRECTIVE.match(token.info.strip())
    name = match["name"] if match else ""
    argument = match["argument"].strip() if match else ""
    named = {
        "explained": Shape.EXPLAINED,
        "reported": Shape.REPORTED,
        "note-2019": Shape.NOTE,
    }
    if name == "doctest":
        yield Part(Shape.BLOCK, line, token.content)
    elif name in named:
        yield Part(named[name], line, f"{argument}\n{token.content}")
    elif name in _TRANSPARENT or name == "parameters":
        _, options = split_options(token.content)
        content = token.content.split("\n")[options:]
        for part in parts("\n".join(content), offset=line + options):
            of_parameters = name == "parameters" and part.shape is Shape.ROW
            yield replace(part, shape=Shape.PARAMETER) if of_parameters else part
    else:
        yield Part(Shape.OTHER, line, token.content)


def _scopes(content: str, line: int) -> Iterator[Part]:
    for number, row in enumerate(content.split("\n")):
        if row.strip().startswith("scope"):
            yield Part(Shape.SCOPE, line + number, row.strip())
