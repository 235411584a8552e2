"""Run a subject's examples once more, with a seed, and stop after each."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import re
import sys
from collections.abc import Callable
from typing import Any

from torchproof.finding.marks import hold_on, running_versions
from torchproof.finding.subjects import Example, Picture, Statement, Subject
from torchproof.replays.kinds import Place

_BLOCK = re.compile(r"^#\s*%%")
_DRAWN = re.compile(r"^# torchproof: (graph|trace) (\w+)( saved)?\s*$")


class Enough(Exception):
    """What was to be seen has been seen."""


def examples_of(subject: Subject) -> tuple[Example, ...]:
    """Return the examples of an entry, or the `# %%` blocks of a script as examples."""
    return subject.examples if subject.kind == "entry" else _blocks(subject.source)


def run_examples(
    subject: Subject,
    *,
    before: Callable[[int], None],
    after: Callable[[int, Example, dict[str, Any]], None],
) -> None:
    """Run the examples in this process; what they print and raise is dropped.

    `before` and `after` get the index of each example, and `after` the namespace too.
    """
    import torch

    torch.manual_seed(0)
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    where = running_versions()
    mode = "single" if subject.kind == "entry" else "exec"
    sys.displayhook = sys.__displayhook__
    for index, example in enumerate((*subject.setup, *examples_of(subject)), -len(subject.setup)):
        if not hold_on(example.marks, where):
            continue
        before(index)
        for statement in example.statements:
            code = _compiled(statement, subject.file, mode)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(code, namespace)
        after(index, example, namespace)


def place_of(line: int, subject: Subject, *, seen_from: int) -> Place | None:
    """Return the place of a line in the examples; None for one that is in none of them."""
    for index, example in enumerate(examples_of(subject)):
        first = example.statements[0].line if example.statements else 0
        for statement in example.statements:
            lines = statement.source.rstrip("\n").split("\n")
            if statement.line <= line < statement.line + len(lines):
                text = lines[line - statement.line].strip()
                return Place(index - seen_from, line - first, text)
    return None


def _compiled(statement: Statement, file: str, mode: str) -> Any:
    # Examples read their own source with inspect; see `running.execution`.
    lines = linecache.getlines(file) if file in linecache.cache else []
    lines += ["\n"] * (statement.line - 1 - len(lines)) + statement.source.splitlines(True)
    linecache.cache[file] = (len(lines), None, lines, file)
    return compile("\n" * (statement.line - 1) + statement.source, file, mode, dont_inherit=True)


def _blocks(source: str) -> tuple[Example, ...]:
    lines = source.split("\n")
    starts = [1, *(number for number, text in enumerate(lines, 1) if _BLOCK.match(text))]
    found = []
    tree = ast.parse(source)
    for begin, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        statements = tuple(
            Statement("\n".join(lines[first - 1 : node.end_lineno]) + "\n", "", first)
            for node in tree.body
            if begin <= (first := _first_line(node)) < end
        )
        drawn = (_DRAWN.match(text) for text in lines[begin - 1 : end - 1])
        pictures = tuple(
            Picture("graph" if match[1] == "graph" else "trace", match[2], saved=bool(match[3]))
            for match in drawn
            if match
        )
        found.append(Example(begin, statements, pictures))
    return tuple(found)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
