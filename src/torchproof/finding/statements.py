"""Parse the statements of a block, each with its expected output and its line."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from itertools import pairwise

from torchproof.finding.subjects import Statement

_NO_SOURCE = re.compile(r"\s*>>>\s*(#.*)?$")
_PROMPTS = (">>>", "...")


class BadBlock(ValueError):
    """An unreadable block; `line` is the line in the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse_statements(body: str, first: int) -> Iterator[Statement]:
    """Parse the text of a block that starts at line `first` of the file.

    Raises BadBlock for bad indentation, bad syntax, and text that would not be compared.
    """
    lines = body.split("\n")
    for number, (above, below) in enumerate(pairwise(lines), first + 1):
        if _NO_SOURCE.match(above) and below.strip() and not below.strip().startswith(_PROMPTS):
            # doctest.DocTestParser drops a comment together with its output.
            raise _not_compared(number, below.strip(), "give it a statement, not a comment")
    try:
        parts = doctest.DocTestParser().parse(body, "example")
    except ValueError as error:
        found = re.search(r"line (\d+)", str(error))
        at = first + int(found[1]) - 1 if found else first
        detail = re.sub(r"^line \d+ of the \w+ for example (has (an )?)?", "", str(error))
        raise BadBlock(at, f"the block cannot be read: {detail}") from None
    read = 0
    for part in parts:
        if isinstance(part, str):
            if part.strip():
                text = part.strip().splitlines()[0].strip()
                at = next(n for n in range(read, len(lines)) if lines[n].strip() == text)
                raise _not_compared(
                    first + at,
                    text,
                    "remove the blank line above it (write <BLANKLINE> for an empty line of output)"
                    if read
                    else "move it above the block",
                )
            continue
        line = first + part.lineno
        try:
            tree = ast.parse(part.source, mode="single")
        except SyntaxError as error:
            at = line + (error.lineno or 1) - 1
            said = re.sub(r" on line \d+$", "", error.msg)
            raise BadBlock(
                at, f"not Python: {said} (continuation lines begin with `...`)"
            ) from None
        read = part.lineno + part.source.count("\n")
        if lines[read : read + 1] and lines[read].strip() == "..." and not _has_block(tree):
            raise BadBlock(
                first + read,
                "`...` alone is read as a continuation and compares nothing; write the output",
            )
        asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        for node in asserts:
            if isinstance(node.test, ast.Tuple) and node.test.elts:
                raise BadBlock(
                    line + node.lineno - 1,
                    "this assert always holds: a tuple with anything in it is true; compare it, "
                    "or take the parentheses away",
                )
        yield Statement(part.source, part.want, line, part.exc_msg, len(asserts))


def _not_compared(line: int, text: str, advice: str) -> BadBlock:
    return BadBlock(line, f"{text!r} belongs to no statement and is not compared; {advice}")


def _has_block(tree: ast.Interactive) -> bool:
    """Return True if the statement may end with a bare `...`, as at Python's prompt."""
    return any(hasattr(node, "body") or hasattr(node, "cases") for node in tree.body)
