"""The Python functions behind the documented names."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeGuard

from torchproof.api.introspection import UnknownName, find
from torchproof.mutants.changes import Function


@dataclass(frozen=True, order=True)
class Source:
    """A function with faults: the documented name that answers for it, and where it is."""

    name: str
    module: str
    qualname: str
    line: int
    """First line of the function, with its decorators."""
    file: str
    callers: tuple[str, ...] = ()
    """Other documented names that call it."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What a code object tells of its function."""
        return self.file, self.qualname, self.line


def sources_of(names: Iterable[str]) -> list[Source]:
    """Return the functions of the names, and those that only they call in the same module.

    A function that two names share belongs to the first. Names without Python source have none.
    """
    names = list(names)
    documented: dict[CodeType, str] = {}
    of_classes: dict[CodeType, str] = {}
    for name in names:
        for code in _codes_of_name(name):
            documented.setdefault(code, name)
        for code in _codes_of_class(name, set(names)):
            of_classes.setdefault(code, name)
    owners: dict[CodeType, list[str]] = {code: [name] for code, name in documented.items()}
    for code, name in documented.items():
        for called in _called(code):
            if called not in documented:
                owners.setdefault(called, []).append(name)
    # What no documented function calls, the entry of the class answers for, and its callers do.
    for code, name in of_classes.items():
        owners.setdefault(code, [name])
    for code, name in of_classes.items():
        for called in _called(code):
            owners.setdefault(called, [name])
    found = (_source(code, list(dict.fromkeys(by))) for code, by in owners.items())
    return [source for source in found if source is not None]


def functions_of_module(module: str) -> list[Source]:
    """Return the functions of a module; each answers for itself."""
    found = []
    loaded = sys.modules[module]
    for name, value in vars(loaded).items():
        if getattr(value, "__module__", "") != module:
            continue
        inner = vars(value).items() if inspect.isclass(value) else [("", value)]
        for last, function in inner:
            for code in _codes_of_value(function):
                full = f"{module}.{name}{'.' if last else ''}{last}"
                if source := _source(code, [full]):
                    found.append(source)
    return found


def node_of(source: Source) -> Function:
    """Return the syntax tree of a function."""
    return _nodes(source.file)[source.line, source.qualname.rpartition(".")[2]].node


def around(source: Source) -> tuple[ast.AST, ...]:
    """Return the classes and functions around a function, from the outermost to the innermost."""
    return _nodes(source.file)[source.line, source.qualname.rpartition(".")[2]].around


@functools.cache
def tree_of(file: str) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(Path(file).read_bytes())


@dataclass(frozen=True)
class _Place:
    node: Function
    around: tuple[ast.AST, ...]


@functools.cache
def _nodes(file: str) -> dict[tuple[int, str], _Place]:
    """Return each function of a file, by its first line and its name."""
    found: dict[tuple[int, str], _Place] = {}

    def visit(node: ast.AST, outer: tuple[ast.AST, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found[first, child.name] = _Place(child, outer)
            visit(child, (*outer, child) if isinstance(child, Function | ast.ClassDef) else outer)

    visit(tree_of(file), ())
    return found


def _source(code: CodeType, names: list[str]) -> Source | None:
    module = _module_of(code.co_filename)
    place = None
    if module is not None:
        place = _nodes(code.co_filename).get((code.co_firstlineno, code.co_name))
    if module is None or place is None or _is_declaration(place.node):
        return None
    first, *others = names
    return Source(
        first, module, code.co_qualname, code.co_firstlineno, code.co_filename, tuple(others)
    )


def _is_declaration(node: Function) -> bool:
    """Return whether a function has no body but a docstring, `...` or `pass`."""
    return all(
        isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in node.body
    )


def _module_of(file: str) -> str | None:
    for name, module in list(sys.modules.items()):
        # Some modules import others when they are asked for what they do not have.
        if isinstance(module, ModuleType) and vars(module).get("__file__") == file:
            return name
    return None


def _codes_of_name(name: str) -> Iterator[CodeType]:
    with contextlib.suppress(UnknownName):
        yield from _codes_of_value(find(name)[1])


def _codes_of_class(name: str, documented: set[str]) -> Iterator[CodeType]:
    """Yield the methods that a class has in its source and that have no entry of their own."""
    try:
        _, value = find(name)
    except UnknownName:
        return
    if not inspect.isclass(value):
        return
    for last, member in vars(value).items():
        if f"{name}.{last}" not in documented:
            for code in _codes_of_value(member):
                # What a class inherits by assignment is documented elsewhere.
                if code.co_qualname.startswith(f"{value.__qualname__}."):
                    yield code


def _codes_of_value(value: Any) -> Iterator[CodeType]:
    if isinstance(value, property):
        for accessor in (value.fget, value.fset, value.fdel):
            yield from _codes_of_value(accessor)
    elif isinstance(value, staticmethod | classmethod):
        yield from _codes_of_value(value.__func__)
    elif isinstance(value, functools.cached_property):
        yield from _codes_of_value(value.func)
    elif callable(value) and not inspect.isclass(value):
        try:
            function: Any = inspect.unwrap(value)
        except ValueError:
            return
        if isinstance(function, FunctionType) and function.__module__ != "builtins":
            yield function.__code__


def _called(code: CodeType) -> Iterator[CodeType]:
    """Yield what a function calls in its own module: functions, and methods of its class."""
    module = _module_of(code.co_filename)
    if module is None:
        return
    place = _nodes(code.co_filename).get((code.co_firstlineno, code.co_name))
    if place is None:
        return
    owner: Any = sys.modules[module]
    classes = code.co_qualname.split(".")[:-1]
    for node in ast.walk(place.node):
        if not isinstance(node, ast.Call):
            continue
        value: Any = None
        if isinstance(node.func, ast.Name):
            value = vars(owner).get(node.func.id)
        elif _of_own_class(node.func) and classes and "<locals>" not in classes:
            value = inspect.getattr_static(_inner(owner, classes), node.func.attr, None)
        for called in _codes_of_value(value):
            if called.co_filename == code.co_filename and called is not code:
                yield called


def _inner(owner: Any, names: list[str]) -> Any:
    return functools.reduce(lambda holder, name: getattr(holder, name, None), names, owner)


def _of_own_class(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"self", "cls"}
    )
