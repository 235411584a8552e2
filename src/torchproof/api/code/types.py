"""Infer what the names in a piece of code refer to, where that is certain without running it.

A value is a set of atoms, one for each object that the name is bound to somewhere in the code. The
order of bindings is ignored: what holds for every atom holds at every use.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

MODULE, TENSOR, FUNCTION = "torch.nn.Module", "torch.Tensor", "torch.autograd.Function"
NODE, OPTIMIZER, VISDOM = "torch.autograd.graph.Node", "torch.optim.Optimizer", "visdom.Visdom"


@dataclass(frozen=True)
class Atom:
    """A named object, an instance of a class, or the output of a module."""

    kind: Literal["name", "instance", "super", "output", "unknown"]
    name: str = ""
    """Full name of the object or class; for a class defined in the code, `.` and its name."""


Value = frozenset[Atom]
UNKNOWN: Value = frozenset({Atom("unknown")})
_UNBOUND: Value = frozenset()

_NO_MODULES = {"Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"}
_TENSOR_MAKERS = """
    tensor as_tensor from_numpy ones zeros empty full rand randn randint eye arange linspace
    logspace ones_like zeros_like empty_like full_like rand_like randn_like abs add cat clone
    complex cos cross diag div dot einsum exp log matmul mean mm mul mv neg outer pow relu
    sigmoid sin sqrt square stack sub sum tanh where nn.Parameter nn.Buffer
    nn.functional.cross_entropy nn.functional.l1_loss nn.functional.linear
    nn.functional.mse_loss nn.functional.nll_loss nn.functional.relu nn.functional.sigmoid
    nn.functional.softmax nn.functional.tanh
"""
_TENSOR_METHODS = """
    abs add add_ clamp clone contiguous copy_ cos cpu detach detach_ div div_ dot double exp
    expand fill_ flatten float half log matmul mean mul mul_ mv neg norm permute pow prod relu
    requires_grad_ reshape sigmoid sin softmax sqrt square squeeze sub sub_ sum t tanh transpose
    unsqueeze view view_as zero_
"""
_METHODS_THAT_RETURN_SELF = """
    apply bfloat16 cpu cuda double eval float half requires_grad_ share_memory to to_empty train
    type
"""
_MAKE_TENSORS = frozenset(f"torch.{name}" for name in _TENSOR_MAKERS.split())
_TENSOR_TO_TENSOR = frozenset(_TENSOR_METHODS.split())
_RETURN_SELF = frozenset(_METHODS_THAT_RETURN_SELF.split())
_TENSOR_FIELDS = {"grad": TENSOR, "data": TENSOR, "T": TENSOR, "mT": TENSOR, "grad_fn": NODE}
_ARITHMETIC = (ast.Sub, ast.Div, ast.Pow, ast.MatMult)


def instance(name: str) -> Value:
    """Return an instance of the class of a name."""
    return frozenset({Atom("instance", name)})


def documented_class(name: str) -> str:
    """Return the class whose entries document the members of a public class."""
    owner, _, last = name.rpartition(".")
    if owner == "torch.nn" and last[:1].isupper():
        return TENSOR if last in _NO_MODULES else MODULE
    if owner == "torch.optim" and last[:1].isupper():
        return OPTIMIZER
    return name


@dataclass
class LocalClass:
    """A class of the code: its bases, and the members that it defines or sets itself."""

    bases: list[Value]
    members: frozenset[str]


@dataclass
class Scope:
    """The bindings of a module, a function or a class body."""

    outer: Scope | None = None
    owner: str = ""
    """The class whose method this is."""
    bindings: dict[str, list[ast.expr | Value]] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    def bind(self, name: str, bound: ast.expr | Value) -> None:
        """Add a binding of a name."""
        self.bindings.setdefault(name, []).append(bound)

    def value(self, name: str) -> Value:
        """Return everything that a name can refer to."""
        if name in self.bindings:
            return self.values.get(name, _UNBOUND)
        return self.outer.value(name) if self.outer else UNKNOWN


class Types:
    """The types of the expressions of a piece of code."""

    def __init__(self, classes: Mapping[str, LocalClass]) -> None:
        self.classes = classes

    def settle(self, scopes: list[Scope]) -> None:
        """Compute the values of all names, which may depend on each other, to a fixed point."""
        changed = True
        while changed:
            changed = False
            for scope in scopes:
                for name, bound in scope.bindings.items():
                    parts = [b if isinstance(b, frozenset) else self.of(b, scope) for b in bound]
                    value = frozenset().union(*parts)
                    changed |= value != scope.values.get(name, _UNBOUND)
                    scope.values[name] = value

    def of(self, node: ast.expr, scope: Scope) -> Value:
        """Return the possible values of an expression."""
        match node:
            case ast.Name():
                return scope.value(node.id)
            case ast.Attribute():
                return self._each(self.of(node.value, scope), lambda a: _attribute(a, node.attr))
            case ast.Call():
                return self._call(node, scope)
            case ast.Subscript():
                return self._each(self.of(node.value, scope), _as_tensor)
            case ast.UnaryOp(op=ast.USub() | ast.Invert()):
                return self._each(self.of(node.operand, scope), _as_tensor)
            case ast.BinOp():
                sides = self.of(node.left, scope) | self.of(node.right, scope)
                certain = sides & instance(TENSOR)
                if Atom("output") in sides and isinstance(node.op, _ARITHMETIC):
                    certain = instance(TENSOR)
                return certain or (_UNBOUND if not sides else UNKNOWN)
            case ast.NamedExpr():
                return self.of(node.value, scope)
            case ast.IfExp():
                return self.of(node.body, scope) | self.of(node.orelse, scope)
        return UNKNOWN

    def ancestors(self, atom: Atom, member: str) -> Iterator[str]:
        """Yield the public class that defines a member of an instance; nothing if uncertain."""
        own = self.classes.get(atom.name)
        if own is None:
            documented = documented_class(atom.name)
            # Linear has an __init__ of its own, which Module's entry does not document.
            its_own = member.startswith("__") and documented != atom.name
            if atom.name and not atom.name.startswith(".") and not its_own:
                yield documented
            return
        if member in own.members and atom.kind != "super":
            return
        found = set()
        for base in own.bases:
            for part in base:
                classes = set(self.ancestors(Atom("instance", part.name), member))
                if part.kind != "name" or not classes:
                    return
                found |= classes
        if len(found) == 1:
            yield found.pop()

    def _each(self, value: Value, step: Callable[[Atom], Value]) -> Value:
        return frozenset().union(*(step(atom) for atom in value))

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return frozenset({Atom("super", scope.owner)}) if scope.owner else UNKNOWN
        if isinstance(node.func, ast.Attribute):
            receiver = self.of(node.func.value, scope)
            member = node.func.attr
            if not any(atom.kind == "name" for atom in receiver):
                return self._each(receiver, lambda atom: self._method(atom, member))
        return self._each(self.of(node.func, scope), lambda atom: self._result(atom, node, scope))

    def _method(self, atom: Atom, member: str) -> Value:
        classes = set(self.ancestors(atom, member)) if atom.kind == "instance" else set()
        if atom.kind == "output" and member in _TENSOR_TO_TENSOR:
            return instance(TENSOR)
        if classes == {TENSOR} and member in _TENSOR_TO_TENSOR | {"to"}:
            return instance(TENSOR)
        if classes == {MODULE} and member in _RETURN_SELF:
            return frozenset({atom})
        return UNKNOWN

    def _result(self, atom: Atom, node: ast.Call, scope: Scope) -> Value:
        if atom.kind == "instance" and set(self.ancestors(atom, "_call_impl")) == {MODULE}:
            return frozenset({Atom("output")})
        if atom.kind != "name":
            return UNKNOWN
        if atom.name in self.classes:
            return instance(atom.name)
        if atom.name == "copy.deepcopy" and node.args:
            return self.of(node.args[0], scope)
        if atom.name in _MAKE_TENSORS:
            return instance(TENSOR)
        if documented_class(atom.name) in {MODULE, OPTIMIZER, VISDOM}:
            return instance(atom.name)
        return UNKNOWN


def _attribute(atom: Atom, name: str) -> Value:
    if atom.kind == "name":
        return frozenset({Atom("name", f"{atom.name}.{name}")})
    if atom == Atom("instance", TENSOR) and name in _TENSOR_FIELDS:
        return instance(_TENSOR_FIELDS[name])
    layer = atom.kind == "instance" and documented_class(atom.name) == MODULE
    if layer and name in {"weight", "bias"}:
        return instance(TENSOR)
    return UNKNOWN


def _as_tensor(atom: Atom) -> Value:
    return instance(TENSOR) if atom == Atom("instance", TENSOR) else UNKNOWN
