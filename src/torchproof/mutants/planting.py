"""Plant a fault in this process: give the functions that it changes other code."""

from __future__ import annotations

import ast
import copy
import gc
from collections.abc import Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any

from torchproof.mutants.changes import Change, changes
from torchproof.mutants.faults import Fault
from torchproof.mutants.sources import Source, around, node_of, tree_of

Key = tuple[str, str, int]


class NoFault(Exception):
    """The change leads to the same code, or to none: it is no fault."""


def functions_in_memory(sources: Iterable[Source]) -> dict[Key, list[FunctionType]]:
    """Return the function objects of each source; decorators may have kept several."""
    wanted = {source.key for source in sources}
    found: dict[Key, list[FunctionType]] = {}
    for value in gc.get_objects():
        # isinstance would ask proxies for their class; torch.distributed has one that warns.
        if type(value) is FunctionType:
            code = value.__code__
            key = (code.co_filename, code.co_qualname, code.co_firstlineno)
            if key in wanted:
                found.setdefault(key, []).append(value)
    return found


def change_of(fault: Fault) -> Change:
    """Return the change that makes a fault."""
    for number, change in enumerate(changes(node_of(fault.source))):
        if number == fault.number:
            return change
    raise NoFault(f"{fault.id} is no longer generated")


def plant(fault: Fault, memory: Mapping[Key, list[FunctionType]]) -> None:
    """Change the functions of this process; raises NoFault if nothing changes."""
    change = change_of(fault)
    functions = memory.get(fault.source.key, [])
    if not functions:
        raise NoFault(f"{fault.source.qualname} is not in memory")
    if change.kind == "default":
        for function in functions:
            _change_default(function, change)
        return
    free = functions[0].__code__.co_freevars
    with change.applied():
        code = compiled(fault.source, free=free)
    if same_code(code, compiled(fault.source, free=free)):
        raise NoFault("the change leads to the same code")
    for function in functions:
        function.__code__ = code


def compiled(source: Source, *, free: tuple[str, ...] = ()) -> CodeType:
    """Compile a function from its tree as it is now; the code has the free variables `free`."""
    node = node_of(source)
    module = tree_of(source.file)
    keep = list(node.body)
    names: list[ast.stmt] = [ast.Expr(ast.Name(name, ast.Load())) for name in free]
    if names:
        # A change may drop the last use of a free variable; code that never runs keeps it.
        last = ast.If(ast.Constant(0), names, [])
        node.body = [*keep, ast.fix_missing_locations(ast.copy_location(last, keep[-1]))]
    try:
        body: Any = node
        for outer in reversed(around(source)):
            body = _around(outer, body)
        future = [
            s for s in module.body if isinstance(s, ast.ImportFrom) and s.module == "__future__"
        ]
        whole = ast.Module([*future, body], [])
        try:
            code = compile(whole, source.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, TypeError) as error:
            raise NoFault(f"the change is no Python: {error}") from None
    finally:
        node.body = keep
    found = _find(code, source)
    if found is None:
        raise NoFault(f"{source.qualname} is not in {source.file}")
    return found


def _around(outer: ast.AST, body: Any) -> Any:
    """Return a definition with a single member; a function keeps its names."""
    if not isinstance(outer, ast.ClassDef):
        return outer
    alone = copy.copy(outer)
    alone.body, alone.decorator_list, alone.bases, alone.keywords = [body], [], [], []
    return alone


def _find(code: CodeType, source: Source) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if (constant.co_qualname, constant.co_firstlineno) == (source.qualname, source.line):
                return constant
            if (found := _find(constant, source)) is not None:
                return found
    return None


def same_code(one: CodeType, other: CodeType) -> bool:
    """Return whether two code objects do the same."""
    if len(one.co_consts) != len(other.co_consts):
        return False
    same = all(
        same_code(a, b)
        if isinstance(a, CodeType) and isinstance(b, CodeType)
        else (type(a), a) == (type(b), b)
        for a, b in zip(one.co_consts, other.co_consts, strict=True)
    )
    return same and (one.co_code, one.co_names) == (other.co_code, other.co_names)


def _change_default(function: FunctionType, change: Change) -> None:
    assert isinstance(change.new, ast.Constant) and change.index is not None
    assert isinstance(change.parent, ast.arguments)
    value = change.new.value
    if change.field == "defaults":
        defaults = list(function.__defaults__ or ())
        if not defaults:
            raise NoFault(f"{function.__qualname__} has no defaults in memory")
        # A wrapper may have more, so count from the end, as Python does.
        total = len(change.parent.defaults)
        defaults[change.index - total] = value
        function.__defaults__ = tuple(defaults)
    else:
        name = change.parent.kwonlyargs[change.index].arg
        function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), name: value}
