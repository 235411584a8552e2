"""Collect the bindings of the names in a piece of code, and the expressions that use them."""

from __future__ import annotations

import ast

from torchproof.api.code.types import (
    FUNCTION,
    UNKNOWN,
    Atom,
    LocalClass,
    Scope,
    Types,
    documented_class,
    instance,
)


class Bindings:
    """The scopes, classes and expressions of a piece of code."""

    def __init__(self, tree: ast.Module) -> None:
        self.classes: dict[str, LocalClass] = {}
        self.scopes: list[Scope] = []
        self.expressions: list[tuple[ast.expr, Scope]] = []
        """Names and attributes that are read, with their scope."""
        self.imported: list[tuple[ast.alias, str]] = []
        """Names in `from ... import`, with their full names."""
        self.types = Types(self.classes)
        self._body(tree.body, self._scope(None))
        self.types.settle(self.scopes)

    def defines(self, member: str) -> bool:
        """Return True if a class of the code defines a member of that name itself."""
        return any(member in own.members for own in self.classes.values())

    def _scope(self, outer: Scope | None, owner: str = "") -> Scope:
        scope = Scope(outer, owner)
        self.scopes.append(scope)
        return scope

    def _body(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._visit(statement, scope)

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        """Record the bindings and expressions of a node."""
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
            case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if _pairs(target, value):
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
        # Methods do not see the scope of the class body.
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
        """Return the value of the first argument of a method, as far as it is known."""
        if not owner or isinstance(node, ast.Lambda):
            return UNKNOWN
        static = {ast.unparse(d) for d in getattr(node, "decorator_list", [])}
        if not static and name == "self":
            return instance(owner)
        if name == "ctx" and self._public_bases(owner) == {FUNCTION}:
            return instance(FUNCTION)
        return UNKNOWN

    def _public_bases(self, owner: str) -> set[str]:
        """Return the public names among the bases, as far as they are bound so far."""
        self.types.settle(self.scopes)
        atoms = frozenset().union(*self.classes[owner].bases)
        return {documented_class(atom.name) for atom in atoms if atom.kind == "name"}

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        name = f".{node.name}"
        body = self._scope(scope)
        for part in [*node.bases, *node.keywords, *node.decorator_list]:
            self._visit(part, scope)
        members = _members(node)
        self.types.settle(self.scopes)
        bases = [self.types.of(base, scope) for base in node.bases]
        if name in self.classes:  # two classes with one name: the type is uncertain
            bases, members = [UNKNOWN], members | self.classes[name].members
        self.classes[name] = LocalClass(bases, frozenset(members))
        scope.bind(node.name, frozenset({Atom("name", name)}))
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self._function(statement, body, name)
            else:
                self._visit(statement, body)


def _members(node: ast.ClassDef) -> set[str]:
    """Return the names that a class defines in its body, or sets on `self`."""
    names = {s.name for s in node.body if isinstance(s, ast.FunctionDef | ast.ClassDef)}
    for statement in node.body:
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                if isinstance(inner.value, ast.Name) and inner.value.id == "self":
                    names.add(inner.attr)
            elif isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(inner, ast.Name):
                names |= {inner.id} if isinstance(inner.ctx, ast.Store) else set()
    return names


def _pairs(target: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> bool:
    starred = any(isinstance(part, ast.Starred) for part in [*target.elts, *value.elts])
    return len(target.elts) == len(value.elts) and not starred
