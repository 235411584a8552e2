"""Read the rows that an author writes for a table of parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torchproof.api.parameters import Parameter, read_parameter
from torchproof.finding.marks import check_marks
from torchproof.finding.subjects import Marks

FORM = "* `NAME`: EFFECT [LINK](#ANCHOR)"
"""How a row is written; `NAME: TYPE = DEFAULT` gives what the signature does not tell."""
_ROW = re.compile(r"`(?P<code>[^`]+)`(?:\s+\((?P<marks>[^)]+)\))?:\s+(?P<effect>\S.*)", re.DOTALL)
_BULLET = re.compile(r"[*-]\s+")
_MARK = re.compile(r"(since|until) (\S+)")


@dataclass(frozen=True)
class Row:
    """A row as it is written."""

    line: int
    """Index of its line in the content."""
    parameter: Parameter
    marks: Marks
    effect: str
    """Markdown text."""


class BadRow(ValueError):
    """A row that cannot be read; `line` is the index of its line in the content."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_rows(content: Sequence[str]) -> list[Row]:
    """Read a list of parameters; raises BadRow."""
    items: list[tuple[int, list[str]]] = []
    for number, text in enumerate(content):
        if _BULLET.match(text):
            items.append((number, [_BULLET.sub("", text, count=1)]))
        elif text.strip() and not text.startswith("%"):
            if not items or not text.startswith(" "):
                raise BadRow(number, f"a row of parameters is written {FORM}")
            items[-1][1].append(text.strip())
    return [_read(line, " ".join(texts).strip()) for line, texts in items]


def _read(line: int, text: str) -> Row:
    found = _ROW.fullmatch(text)
    parameter = read_parameter(found["code"]) if found else None
    if found is None or parameter is None:
        raise BadRow(line, f"a row of parameters is written {FORM}")
    return Row(line, parameter, _marks(line, found["marks"] or ""), found["effect"])


def _marks(line: int, text: str) -> Marks:
    parts = [_MARK.fullmatch(part.strip()) for part in text.split(",")] if text else []
    named = {part[1]: part[2] for part in parts if part}
    if len(named) < len(parts):
        raise BadRow(line, f"({text}) is not written (since 2.9), (until 2.12) or with both")
    marks = Marks(**named)
    problem = check_marks(marks, change="the parameter") if marks else None
    if problem is not None:
        raise BadRow(line, problem)
    return marks
