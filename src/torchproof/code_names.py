"""The places in a piece of code where a name stands that has an entry.

A name is reported only where it is certain what it means: a wrong link is worse than none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from torchproof.code_types import (
    FUNCTION,
    UNKNOWN,
    Atom,
    LocalClass,
    Scope,
    Types,
    documented_class,
    instance,
)

_OF_OPTIMIZERS_TOO = """
    load_state_dict register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_state_dict_post_hook register_state_dict_pre_hook state_dict zero_grad
"""
OF_OTHERS = frozenset(_OF_OPTIMIZERS_TOO.split())
"""Members of several words that other objects of torch have too."""


@dataclass(frozen=True, order=True)
class Use:
    """A public name in the code, on one line; columns count characters from 0."""

    line: int
    start: int
    end: int
    name: str


def uses(source: str, known: AbstractSet[str]) -> list[Use]:
    """Return where names of `known` are used; none if the source is not Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    reader = _Reader(source, known)
    reader.bind(tree)
    found = sorted(reader.found(), key=lambda use: (use.line, use.start, -use.end))
    apart: list[Use] = []
    for use in found:
        # torch.nn.Module.to is one link, not also one to torch.nn.Module.
        if not apart or (use.line, use.start) >= (apart[-1].line, apart[-1].end):
            apart.append(use)
    return apart


class _Reader:
    def __init__(self, source: str, known: AbstractSet[str]) -> None:
        self.lines = source.split("\n")
        self.known = known
        lasts = [name.rpartition(".")[2] for name in known]
        self.unique = {
            name.rpartition(".")[2]: name
            for name in known
            if lasts.count(name.rpartition(".")[2]) == 1
        }
        self.classes: dict[str, LocalClass] = {}
        self.scopes: list[Scope] = []
        self.expressions: list[tuple[ast.expr, Scope]] = []
        self.imported: list[tuple[ast.alias, str]] = []
        self.defined: set[str] = set()
        self.types = Types(self.classes)

    def bind(self, tree: ast.Module) -> None:
        """Read the bindings of the code."""
        self._body(tree.body, self._scope(None))
        self.types.settle(self.scopes)
        for own in self.classes.values():
            self.defined |= own.members

    def found(self) -> Iterator[Use]:
        for alias, name in self.imported:
            if name in self.known:
                yield self._use(alias.lineno, alias.col_offset, len(alias.name), name)
        for node, scope in self.expressions:
            used, whole = self._name(node, scope)
            if used is None or node.end_lineno is None or node.end_col_offset is None:
                continue
            if whole and node.lineno == node.end_lineno:
                yield self._use(node.lineno, node.col_offset, -node.end_col_offset, used)
            elif isinstance(node, ast.Attribute):
                start = node.end_col_offset - len(node.attr.encode())
                yield self._use(node.end_lineno, start, -node.end_col_offset, used)

    def _use(self, line: int, start: int, end: int, name: str) -> Use:
        """Return a use; the syntax tree counts bytes, and a negative end is a column."""
        text = self.lines[line - 1].encode()
        first = len(text[:start].decode())
        last = len(text[:-end].decode()) if end < 0 else first + end
        return Use(line, first, last, name)

    def _name(self, node: ast.expr, scope: Scope) -> tuple[str | None, bool]:
        """Return the public name of an expression, and whether all of it is that name."""
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
        """Say whether a member can only be that of one class, whatever object it belongs to."""
        return "_" in member.strip("_") and member not in OF_OTHERS | self.defined

    def _scope(self, outer: Scope | None, owner: str = "") -> Scope:
        scope = Scope(outer, owner)
        self.scopes.append(scope)
        return scope

    def _body(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._visit(statement, scope)

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        """Bind what a node binds, and remember its expressions."""
        match node:
            case ast.JoinedStr():
                return  # before Python 3.12 the places of what it holds are wrong
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._function(node, scope)
                return
            case ast.ClassDef():
                self._class(node, scope)
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                scope = self._scope(scope, scope.owner)
            case ast.Import():
                for alias in node.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    scope.bind(alias.asname or name, frozenset({Atom("name", name)}))
            case ast.ImportFrom():
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    self.imported.append((alias, name))
                    scope.bind(alias.asname or alias.name, frozenset({Atom("name", name)}))
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, scope)
            case ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                self._assign(node.target, value, scope)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    before = ast.Name(node.target.id, ast.Load())
                    scope.bind(node.target.id, ast.BinOp(before, node.op, node.value))
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                self._assign(node.target, UNKNOWN, scope)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._assign(target, UNKNOWN, scope)
            case ast.ExceptHandler(name=str(name)):
                scope.bind(name, UNKNOWN)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                scope.bind(name, UNKNOWN)
            case ast.Global() | ast.Nonlocal():
                for name in node.names:
                    for other in self.scopes:
                        other.bind(name, UNKNOWN)
            case ast.Name() | ast.Attribute():
                self.expressions.append((node, scope))
        for child in ast.iter_child_nodes(node):
            self._visit(child, scope)

    def _assign(self, target: ast.expr, value: ast.expr | frozenset[Atom], scope: Scope) -> None:
        match target, value:
            case ast.Name(), _:
                scope.bind(target.id, value)
            case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if len(
                target.elts
            ) == len(value.elts) and not any(
                isinstance(e, ast.Starred) for e in [*target.elts, *value.elts]
            ):
                for one, given in zip(target.elts, value.elts, strict=True):
                    self._assign(one, given, scope)
            case ((ast.Tuple() | ast.List()), _):
                for one in target.elts:
                    self._assign(one, UNKNOWN, scope)
            case ast.Starred(), _:
                self._assign(target.value, UNKNOWN, scope)

    def _function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        scope: Scope,
        owner: str = "",
    ) -> None:
        # The body of a class is no scope of its methods.
        inner = self._scope(scope.outer if owner else scope, owner or scope.owner)
        arguments = node.args
        for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]:
            self._visit(default, scope)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += filter(None, [arguments.vararg, arguments.kwarg])
        for number, argument in enumerate(every):
            inner.bind(
                argument.arg, self._argument(node, argument.arg, owner if not number else "")
            )
        if isinstance(node, ast.Lambda):
            self._visit(node.body, inner)
            return
        scope.bind(node.name, UNKNOWN)
        for decorator in node.decorator_list:
            self._visit(decorator, scope)
        self._body(node.body, inner)

    def _argument(self, node: ast.AST, name: str, owner: str) -> frozenset[Atom]:
        """Return what is known of the first argument of a method."""
        if not owner or isinstance(node, ast.Lambda):
            return UNKNOWN
        static = {ast.unparse(d) for d in getattr(node, "decorator_list", [])}
        if not static and name == "self":
            return instance(owner)
        if name == "ctx" and self.types_of_bases(owner) == {FUNCTION}:
            return instance(FUNCTION)
        return UNKNOWN

    def types_of_bases(self, owner: str) -> set[str]:
        """Return the public names among the bases, as far as they are bound by now."""
        self.types.settle(self.scopes)
        atoms = frozenset().union(*self.classes[owner].bases)
        return {documented_class(atom.name) for atom in atoms if atom.kind == "name"}

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        name = f".{node.name}"
        body = self._scope(scope)
        for part in [*node.bases, *node.keywords, *node.decorator_list]:
            self._visit(part, scope)
        members = {
            n.attr for n in ast.walk(node) if _sets_on_self(n) and isinstance(n, ast.Attribute)
        }
        members |= {s.name for s in node.body if isinstance(s, ast.FunctionDef | ast.ClassDef)}
        members |= {
            n.id
            for s in node.body
            if isinstance(s, ast.Assign | ast.AnnAssign)
            for n in ast.walk(s)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        self.types.settle(self.scopes)
        bases = [self.types.of(base, scope) for base in node.bases]
        if name in self.classes:  # two classes of one name: nothing is certain
            bases, members = [UNKNOWN], members | self.classes[name].members
        self.classes[name] = LocalClass(bases, frozenset(members))
        scope.bind(node.name, frozenset({Atom("name", name)}))
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self._function(statement, body, name)
            else:
                self._visit(statement, body)


def _sets_on_self(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )
