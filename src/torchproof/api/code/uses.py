"""Find the uses of documented names in a piece of code.

A use is reported only if its meaning is certain: a wrong link is worse than none.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from torchproof.api.code.bindings import Bindings
from torchproof.api.code.types import Atom, Scope

_OF_OPTIMIZERS_TOO = """
    load_state_dict register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_state_dict_post_hook register_state_dict_pre_hook state_dict zero_grad
"""
OF_OTHERS = frozenset(_OF_OPTIMIZERS_TOO.split())
"""Names of several words that members of other torch objects share."""


@dataclass(frozen=True, order=True)
class Use:
    """A public name in the code, on one line; columns count characters from 0."""

    line: int
    start: int
    end: int
    name: str


def uses(source: str, known: AbstractSet[str]) -> list[Use]:
    """Return the uses of names in `known`; empty if the source is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = sorted(
        _Reader(source, tree, known).found(), key=lambda use: (use.line, use.start, -use.end)
    )
    apart: list[Use] = []
    for use in found:
        # torch.nn.Module.to is one link, not also one to torch.nn.Module.
        if not apart or (use.line, use.start) >= (apart[-1].line, apart[-1].end):
            apart.append(use)
    return apart


class _Reader:
    def __init__(self, source: str, tree: ast.Module, known: AbstractSet[str]) -> None:
        self.lines = source.split("\n")
        self.known = known
        lasts = Counter(name.rpartition(".")[2] for name in known)
        self.unique = {last: name for name in known if lasts[last := name.rpartition(".")[2]] == 1}
        self.bindings = Bindings(tree)
        self.types = self.bindings.types

    def found(self) -> Iterator[Use]:
        for alias, name in self.bindings.imported:
            if name in self.known:
                yield self._use(alias.lineno, alias.col_offset, len(alias.name), name)
        for node, scope in self.bindings.expressions:
            used, whole = self._name(node, scope)
            if used is None or node.end_lineno is None or node.end_col_offset is None:
                continue
            if whole and node.lineno == node.end_lineno:
                yield self._use(node.lineno, node.col_offset, -node.end_col_offset, used)
            elif isinstance(node, ast.Attribute):
                start = node.end_col_offset - len(node.attr.encode())
                yield self._use(node.end_lineno, start, -node.end_col_offset, used)

    def _use(self, line: int, start: int, end: int, name: str) -> Use:
        """Return a use; columns of the syntax tree count bytes, and a negative end is a column."""
        text = self.lines[line - 1].encode()
        first = len(text[:start].decode())
        last = len(text[:-end].decode()) if end < 0 else first + end
        return Use(line, first, last, name)

    def _name(self, node: ast.expr, scope: Scope) -> tuple[str | None, bool]:
        """Return the public name of an expression, and whether it spans the whole expression."""
        if isinstance(node, ast.Name):
            atoms = scope.value(node.id)
            names = {atom.name for atom in atoms if atom.kind == "name"}
            name = names.pop() if len(atoms) == len(names) == 1 else ""
            return (name if name in self.known else None), True
        if not isinstance(node, ast.Attribute):
            return None, False
        atoms = self.types.of(node.value, scope)
        found = {self._member(atom, node.attr) for atom in atoms}
        if len(found) != 1:
            return None, False
        name_or_none, whole = found.pop()
        return name_or_none, whole

    def _member(self, atom: Atom, member: str) -> tuple[str | None, bool]:
        if atom.kind == "name" and f"{atom.name}.{member}" in self.known:
            return f"{atom.name}.{member}", True
        if atom.kind == "unknown":
            return (self.unique.get(member) if self._says_enough(member) else None), False
        if atom.kind != "output":
            for owner in self.types.ancestors(atom, member):
                if f"{owner}.{member}" in self.known:
                    return f"{owner}.{member}", False
        return None, False

    def _says_enough(self, member: str) -> bool:
        """Return True if a member name can only belong to one class, on any object."""
        several_words = "_" in member.strip("_")
        return several_words and member not in OF_OTHERS and not self.bindings.defines(member)
