"""Extract the examples of a block, and the messages in their output."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator

from docutils import nodes

_HEAD = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b")
_LEAST_WORDS = 3
_WORD = re.compile(r"[A-Za-z][A-Za-z'()-]*[.,:;]?")


def examples_in(block: nodes.literal_block) -> list[doctest.Example]:
    """Return the examples of a `{doctest}` block; other blocks have none."""
    if block.get("testnodetype") != "doctest":
        return []
    return doctest.DocTestParser().get_examples(block.astext())


def messages_in(output: str) -> Iterator[str]:
    """Yield each message with its type, all lines joined.

    A message begins with a type, such as `ValueError: ...`, and ends where the next one begins. Of
    a traceback only the message counts.
    """
    message: list[str] = []
    for line in output.splitlines():
        if _HEAD.match(line):
            yield from _joined(message)
            message = [line]
        elif line.startswith("Traceback (most recent call last)"):
            yield from _joined(message)
            message = []
        elif message:
            message.append(line)
    yield from _joined(message)


def sentences_in(output: str) -> Iterator[str]:
    """Yield the lines of an output that are prose, not values, such as log messages."""
    for line in output.splitlines():
        if sum(bool(_WORD.fullmatch(word)) for word in line.split()) >= _LEAST_WORDS:
            yield line.strip()


def _joined(lines: list[str]) -> Iterator[str]:
    text = " ".join(" ".join(lines).replace("<BLANKLINE>", "").split())
    if text:
        yield text
