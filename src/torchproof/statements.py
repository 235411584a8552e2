"""The statements of a block, each with its expected output and its line."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator

from torchproof.subjects import Statement


class BadBlock(ValueError):
    """A block that cannot be read; `line` is the line in the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse_statements(body: str, first: int) -> Iterator[Statement]:
    """Parse the text of a block whose first line is line `first` of the file.

    Raises BadBlock for bad indentation, bad syntax, and text that would not be compared.
    """
    try:
        parts = doctest.DocTestParser().parse(body, "example")
    except ValueError as error:
        found = re.search(r"line (\d+)", str(error))
        line = first + int(found[1]) - 1 if found else first
        detail = str(error).split("has ", 1)[-1]
        raise BadBlock(line, f"bad indentation in the block: {detail}") from None
    line = first
    for part in parts:
        if isinstance(part, str):
            if part.strip():
                at = line + len(part) - len(part.lstrip("\n"))
                raise BadBlock(
                    at,
                    f"{part.strip().splitlines()[0]!r} belongs to no statement and is not "
                    "compared; remove the blank line above it (write <BLANKLINE> for an empty "
                    "line of output)",
                )
            line += part.count("\n")
            continue
        line = first + part.lineno
        try:
            tree = ast.parse(part.source)
        except SyntaxError as error:
            at = line + (error.lineno or 1) - 1
            raise BadBlock(
                at, f"not Python: {error.msg} (continuation lines begin with `...`)"
            ) from None
        asserts = sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
        yield Statement(part.source, part.want, line, part.exc_msg, asserts)
        line += part.source.count("\n") + part.want.count("\n")
