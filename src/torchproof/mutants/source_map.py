"""Read a source map: which part of a bundled file comes from which source, and its line there.

The format is https://tc39.es/ecma426/: each mapping is a few numbers in base 64, each but the
column relative to the mapping before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


@dataclass(frozen=True)
class Piece:
    """A part of the bundle."""

    line: int
    """Line of the bundle, from 0."""
    begin: int
    end: int | None
    """First column, and the one after the last; None for the end of the line."""
    source: str
    source_line: int
    """From 1."""


def pieces(path: Path) -> Iterator[Piece]:
    """Yield the parts of a bundle in order; those that come from no source are left out."""
    data = json.loads(path.read_text(encoding="utf-8"))
    source = source_line = 0
    for line, mappings in enumerate(data["mappings"].split(";")):
        column = 0
        found: list[tuple[int, int, int]] = []
        for mapping in filter(None, mappings.split(",")):
            numbers = _numbers(mapping)
            column += numbers[0]
            if len(numbers) > 1:
                source += numbers[1]
                source_line += numbers[2]
                found.append((column, source, source_line))
        ends: list[int | None] = [column for column, _, _ in found[1:]]
        for (begin, index, at), end in zip(found, [*ends, None], strict=False):
            yield Piece(line, begin, end, data["sources"][index], at + 1)


def _numbers(mapping: str) -> list[int]:
    found, value, shift = [], 0, 0
    for digit in mapping:
        bits = _DIGITS[digit]
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found
