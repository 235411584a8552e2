"""The changes to the syntax tree of one function that make a planted fault of it."""

from __future__ import annotations

import ast
import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

Function = ast.FunctionDef | ast.AsyncFunctionDef
STAND_INS = "__planted__"
"""Name of the object in `builtins` that changed code calls; see `stand_ins`."""
_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_FIXED = frozenset(
    {
        *("isinstance", "issubclass", "callable", "hasattr", "getattr", "setattr", "super", "vars"),
        *("len", "type", "id", "iter", "next", "bool", "int", "str", "repr", "cast", "abs"),
        *("list", "tuple", "set", "dict"),
    }
)
"""Functions without which no argument means anything: each call that lacks one is an error."""
_UNSEEN = ("torch._C._log_api_usage", "torch._logging", "log.debug", "logger.debug")
"""Calls that leave nothing behind that a program could see."""
_CALLED_BACK = ("hook", "fn", "func", "closure", "callback", "handler")


@dataclass(frozen=True)
class Change:
    """One change: `new` takes the place of the node in `slot`."""

    kind: str
    statement: ast.AST
    """The innermost statement that it changes; the function itself for a default."""
    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST | None
    """None removes an item of a list."""

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Change the tree in place for a block."""
        before = getattr(self.parent, self.field)
        if self.index is None:
            after: object = self.new
        else:
            items = [self.new] if self.new is not None else []
            after = [*before[: self.index], *items, *before[self.index + 1 :]]
        setattr(self.parent, self.field, after)
        try:
            yield
        finally:
            setattr(self.parent, self.field, before)


def changes(function: Function) -> Iterator[Change]:
    """Yield all changes to a function, in the order of its source."""
    yield from _defaults(function)
    fresh = _fresh_names(function)
    for node, change in _walk(function, function):
        for found in _changes_at(node, change, fresh):
            ast.fix_missing_locations(_at(found.new, node))
            yield found


def header(statement: ast.AST) -> str:
    """Return the source of a statement; of one with a body, its first line."""
    if isinstance(statement, Function):
        statement = copy.copy(statement)
        statement.decorator_list = []
        statement.body = [ast.Pass()]
    text = ast.unparse(statement)
    has_body = isinstance(getattr(statement, "body", None), list)
    first = text.partition("\n")[0] if has_body else text
    return first.replace(f"{STAND_INS}.", "")


def _at(new: ast.AST | None, node: ast.AST) -> ast.AST:
    # Lines of the changed code are those of the original, or tracebacks would show other text.
    return ast.copy_location(new, node) if new is not None else ast.Pass()


def _defaults(function: Function) -> Iterator[Change]:
    arguments = function.args
    for field, values in (("defaults", arguments.defaults), ("kw_defaults", arguments.kw_defaults)):
        for index, value in enumerate(values):
            if isinstance(value, ast.Constant) and (new := _other_constant(value)) is not None:
                yield Change("default", function, arguments, field, index, new)


def _other_constant(node: ast.Constant) -> ast.Constant | None:
    value = node.value
    other: bool | float
    if isinstance(value, bool):
        other = not value
    elif isinstance(value, int):
        other = value + 1
    elif isinstance(value, float):
        other = value * 10 if value else 1.0
    else:
        return None
    return ast.copy_location(ast.Constant(other), node)


def _walk(node: ast.AST, statement: ast.AST) -> Iterator[tuple[ast.AST, Change]]:
    """Yield each node below another, with the change that would take it away."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "args"} and not isinstance(
            node, ast.Call
        ):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Assert):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            own = child if isinstance(child, ast.stmt) else statement
            place = index if isinstance(value, list) else None
            yield child, Change("", own, node, field, place, None)
            yield from _walk(child, own)


def _changes_at(node: ast.AST, slot: Change, fresh: frozenset[str]) -> Iterator[Change]:
    if isinstance(node, ast.stmt):
        yield from _statement(node, slot, fresh)
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield _inside(slot, "negate", node, "test", _negated(node.test))
    elif isinstance(node, ast.comprehension):
        yield _inside(slot, "first-only", node, "iter", _stand_in("first", node.iter))
        for index, condition in enumerate(node.ifs):
            yield _inside(slot, "negate", node, "ifs", _negated(condition), index)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _put(slot, "connective", ast.BoolOp(other, node.values))
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        # A negated test is the same fault.
        ordered = isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        if ordered or slot.field not in {"test", "ifs"}:
            swapped = _SWAPPED[type(node.ops[0])]()
            yield _put(slot, "comparison", ast.Compare(node.left, [swapped], node.comparators))
    elif isinstance(node, ast.Call):
        yield from _call(node, slot)
    elif isinstance(node, ast.Constant) and (new := _other_constant(node)) is not None:
        yield _put(slot, "constant", new)


def _statement(node: ast.stmt, slot: Change, fresh: frozenset[str]) -> Iterator[Change]:
    # `if 0:` keeps what the body does to names: free variables, and generators.
    gone = ast.If(ast.Constant(0), [node], [])
    match node:
        case ast.Raise():
            yield _put(slot, "drop-raise", gone)
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield _put(slot, "return-none", ast.Return(ast.Constant(None)))
            name = value.id if isinstance(value, ast.Name) else ""
            if isinstance(value, ast.Name | ast.Attribute | ast.Subscript) and name not in fresh:
                yield _put(slot, "return-copy", ast.Return(_stand_in("copy", value)))
        case ast.For():
            yield _inside(slot, "skip-loop", node, "iter", ast.Tuple([], ast.Load()))
            yield _inside(slot, "first-only", node, "iter", _stand_in("first", node.iter))
            yield _inside(slot, "reverse", node, "iter", _stand_in("backwards", node.iter))
        case ast.With(items) if not any(item.optional_vars for item in items):
            yield _put(slot, "drop-with", ast.If(ast.Constant(1), node.body, []))
        case ast.Expr(ast.Call() as call):
            if not ast.unparse(call.func).startswith(_UNSEEN):
                yield _put(slot, "drop-statement", gone)
        case ast.Delete() | ast.AugAssign() | ast.Continue() | ast.Break() | ast.Expr():
            yield _put(slot, "drop-statement", gone)
        case ast.Assign(targets) if not isinstance(targets[0], ast.Name | ast.Tuple):
            yield _put(slot, "drop-statement", gone)


def _call(node: ast.Call, slot: Change) -> Iterator[Change]:
    name = ast.unparse(node.func)
    if name.startswith((*_UNSEEN, f"{STAND_INS}.")):
        return
    for index, keyword in enumerate(node.keywords):
        if keyword.arg != "stacklevel":
            yield _inside(slot, "drop-argument", node, "keywords", None, index)
    if node.args and name not in _FIXED:
        yield _inside(slot, "drop-argument", node, "args", None, len(node.args) - 1)
    if name.rpartition(".")[2].lower().endswith(_CALLED_BACK):
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Name | ast.Attribute):
                yield _inside(
                    slot, "copy-to-callback", node, "args", _stand_in("copy", argument), index
                )


def _put(slot: Change, kind: str, new: ast.AST) -> Change:
    return replace(slot, kind=kind, new=new)


def _inside(
    slot: Change,
    kind: str,
    node: ast.AST,
    field: str,
    new: ast.AST | None,
    index: int | None = None,
) -> Change:
    return replace(slot, kind=kind, parent=node, field=field, index=index, new=new)


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def _stand_in(name: str, value: ast.expr) -> ast.expr:
    function = ast.Attribute(ast.Name(STAND_INS, ast.Load()), name, ast.Load())
    return ast.Call(function, [value], [])


def _fresh_names(function: Function) -> frozenset[str]:
    """Return the names that are only ever bound to new objects: a copy of one is the same fault."""
    bound: dict[str, list[bool]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    bound.setdefault(target.id, []).append(_makes(node.value))
    arguments = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    return frozenset(name for name, new in bound.items() if all(new)) - arguments


_NEW: tuple[type[ast.expr], ...] = (
    *(ast.List, ast.Dict, ast.Set, ast.Tuple, ast.Constant, ast.JoinedStr),
    *(ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.BinOp, ast.Compare),
)
_MAKERS = frozenset({"list", "dict", "set", "tuple", "OrderedDict", "sorted", "str", "len"})


def _makes(value: ast.expr) -> bool:
    match value:
        case ast.Call(ast.Name(name)):
            return name in _MAKERS
        case _:
            return isinstance(value, _NEW)
