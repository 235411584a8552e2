"""Probes: notes of which statements of a function a subject runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from types import CodeType, FunctionType

from torchproof.mutants.changes import STAND_INS, Function
from torchproof.mutants.planting import Key, NoFault, compiled
from torchproof.mutants.sources import Source, node_of

Place = tuple[str, int]
"""File and line of a statement, or of the `def` of a function for its beginning."""
_BODIES = ("body", "orelse", "finalbody")


class Probes:
    """The probed code of some functions, and the byte that each of their statements sets."""

    def __init__(self, sources: Iterable[Source], memory: Mapping[Key, list[FunctionType]]) -> None:
        self.numbers: dict[Place, int] = {}
        """Number of the byte of each place; byte 0 belongs to the stand-ins."""
        self._codes: list[tuple[list[FunctionType], CodeType]] = []
        for source in sources:
            functions = memory.get(source.key, [])
            if functions:
                free = functions[0].__code__.co_freevars
                self._codes.append((functions, _probed(source, self.numbers, free)))

    @property
    def size(self) -> int:
        """Number of bytes that the probes need."""
        return len(self.numbers) + 1

    def install(self) -> None:
        """Give the functions of this process their probed code."""
        for functions, code in self._codes:
            for function in functions:
                function.__code__ = code

    def places(self, numbers: Iterable[int]) -> frozenset[Place]:
        """Return the places that have these numbers."""
        wanted = frozenset(numbers)
        return frozenset(place for place, number in self.numbers.items() if number in wanted)


@contextmanager
def probed_tree(sources: Iterable[Source], numbers: MutableMapping[Place, int]) -> Iterator[None]:
    """Put probes into the trees of functions for a block; new places get new numbers."""
    with ExitStack() as stack:
        for source in sources:
            node = node_of(source)
            for parent in list(ast.walk(node)):
                for field in _BODIES:
                    statements = getattr(parent, field, None)
                    if isinstance(statements, list) and statements:
                        probed = _with_notes(source, node, parent, statements, numbers)
                        stack.callback(setattr, parent, field, statements)
                        setattr(parent, field, probed)
        yield


def _probed(source: Source, numbers: MutableMapping[Place, int], free: tuple[str, ...]) -> CodeType:
    with probed_tree([source], numbers):
        try:
            return compiled(source, free=free)
        except NoFault as error:
            raise AssertionError(f"{source.qualname} with probes: {error}") from None


def _with_notes(
    source: Source,
    node: Function,
    parent: ast.AST,
    statements: list[ast.stmt],
    numbers: MutableMapping[Place, int],
) -> list[ast.stmt]:
    probed: list[ast.stmt] = []
    first = parent is node
    for statement in statements:
        if not _is_docstring(statement):
            lines = [node.lineno, statement.lineno] if first else [statement.lineno]
            for line in lines:
                number = numbers.setdefault((source.file, line), len(numbers) + 1)
                probed.append(_note(number, statement))
            first = False
        probed.append(statement)
    return probed


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _note(number: int, statement: ast.stmt) -> ast.stmt:
    note = ast.parse(f"{STAND_INS}.ran[{number}] = 1").body[0]
    for inner in ast.walk(note):
        ast.copy_location(inner, statement)
    return note
