"""Probes: notes of which statements of a function a subject runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import CodeType, FunctionType

from torchproof.mutants.changes import HELPERS, Change, Function
from torchproof.mutants.planting import Key, NoFault, compiled
from torchproof.mutants.sources import Source, node_of

Place = tuple[str, int]
"""File and line of a statement, or of the `def` of a function for its beginning."""
_BODIES = ("body", "orelse", "finalbody")


class Probes:
    """The probed code of some functions, and the byte that each of their statements sets."""

    def __init__(self, sources: Iterable[Source], memory: Mapping[Key, list[FunctionType]]) -> None:
        self._numbers: dict[Place, int] = {}
        self._codes: list[tuple[list[FunctionType], CodeType]] = []
        for source in sources:
            functions = memory.get(source.key, [])
            if functions:
                free = functions[0].__code__.co_freevars
                self._codes.append((functions, self._probed(source, free)))

    @property
    def size(self) -> int:
        """Number of bytes that the probes need; byte 0 belongs to the helpers."""
        return len(self._numbers) + 1

    def install(self) -> None:
        """Give the functions of this process their probed code."""
        for functions, code in self._codes:
            for function in functions:
                function.__code__ = code

    def reached(self, notes: bytes) -> frozenset[Place]:
        """Return the places that ran."""
        return frozenset(place for place, number in self._numbers.items() if notes[number])

    def _probed(self, source: Source, free: tuple[str, ...]) -> CodeType:
        node = node_of(source)
        with ExitStack() as stack:
            for parent in list(ast.walk(node)):
                for field in _BODIES:
                    statements = getattr(parent, field, None)
                    if isinstance(statements, list) and statements:
                        self._probe(source, node, parent, field, stack)
            try:
                return compiled(source, free=free)
            except NoFault as error:
                raise AssertionError(f"{source.qualname} with probes: {error}") from None

    def _probe(
        self, source: Source, node: Function, parent: ast.AST, field: str, stack: ExitStack
    ) -> None:
        probed: list[ast.stmt] = []
        first = parent is node
        for statement in getattr(parent, field):
            docstring = isinstance(statement, ast.Expr) and isinstance(
                statement.value, ast.Constant
            )
            if not docstring:
                lines = [node.lineno, statement.lineno] if first else [statement.lineno]
                probed += [self._note(source.file, line, statement) for line in lines]
                first = False
            probed.append(statement)
        block = Change("probe", node, parent, field, None, None)
        stack.enter_context(_replaced(block, probed))

    def _note(self, file: str, line: int, statement: ast.stmt) -> ast.stmt:
        number = self._numbers.setdefault((file, line), len(self._numbers) + 1)
        note = ast.parse(f"{HELPERS}.ran[{number}] = 1").body[0]
        for inner in ast.walk(note):
            ast.copy_location(inner, statement)
        return note


def _replaced(block: Change, statements: list[ast.stmt]) -> ExitStack:
    before = getattr(block.parent, block.field)
    setattr(block.parent, block.field, statements)
    stack = ExitStack()
    stack.callback(setattr, block.parent, block.field, before)
    return stack
