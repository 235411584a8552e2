"""Read the headings and directives of a MyST page, with their lines, by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

CODE = {"code-block", "code", "code-cell", "literalinclude", "eval-rst", "parsed-literal"}
"""Directives whose content is shown, not parsed."""
_DIRECTIVE = re.compile(r"\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)", re.DOTALL)
_OPTION = re.compile(r":(?P<key>[\w-]+):(?:\s+(?P<value>.*))?$")


@dataclass(frozen=True)
class Block:
    """A level-two heading, a directive, or another fence."""

    line: int
    """Line of its first character in the file, from 1."""
    text: str
    heading: bool = False
    directive: str | None = None
    """Name of the directive; empty for a plain fence, None for a heading."""
    argument: str = ""


def blocks(text: str, offset: int = 0) -> Iterator[Block]:
    """Yield the level-two headings and fences, including those in lists and admonitions."""
    parser = MarkdownIt("commonmark").use(front_matter_plugin).use(colon_fence_plugin)
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.map is None:
            continue
        line = token.map[0] + 1 + offset
        if token.type == "heading_open" and token.tag == "h2":
            yield Block(line, tokens[index + 1].content.replace("`", ""), heading=True)
        elif token.type in {"fence", "colon_fence"}:
            yield from _fence(token, line)


def _fence(token: Token, line: int) -> Iterator[Block]:
    match = _DIRECTIVE.match(token.info.strip())
    if match is None:
        yield Block(line, token.content, directive="")
    elif match["name"] in {"doctest", "entry", "subject"} | CODE:
        yield Block(line, token.content, directive=match["name"], argument=match["argument"])
    else:
        yield from blocks(token.content, offset=line)


def split_options(text: str) -> tuple[dict[str, str], int]:
    """Return the `:key: value` lines at the top of a directive, and their number."""
    options: dict[str, str] = {}
    lines = text.split("\n")
    for count, line in enumerate(lines):
        match = _OPTION.match(line)
        if match is None:
            return options, count
        options[match["key"]] = match["value"] or ""
    return options, len(lines)
