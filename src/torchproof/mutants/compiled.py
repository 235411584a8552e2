"""Faults in what is written in C: wrappers take the place of functions and attributes."""

from __future__ import annotations

import builtins
import functools
import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torchproof.api.aliases import aliases
from torchproof.api.introspection import UnknownName, find
from torchproof.mutants.changes import STAND_INS
from torchproof.mutants.planting import NoFault
from torchproof.mutants.stand_ins import StandIns

_ARGUMENT = re.compile(r"^[\w.]+\((.*?)\) ?->", re.DOTALL)


@dataclass(frozen=True)
class WrapperFault:
    """A compiled function or attribute behind a wrapper that gets something wrong."""

    id: str
    name: str
    kind: str
    before: str
    after: str
    keyword: str = ""
    """Argument that the wrapper leaves out."""
    others: tuple[str, ...] = ()
    """Other names of the same function."""

    @property
    def place(self) -> str:
        """Where it is: in no file of Python."""
        return f"{self.name}, compiled"


def wrapper_faults(names: Iterable[str]) -> Iterator[WrapperFault]:
    """Yield the faults of those names that are written in C."""
    names = list(names)
    same = aliases(names)
    for name in names:
        try:
            parent, value = find(name)
        except UnknownName:
            continue
        if inspect.isgetsetdescriptor(value) or inspect.ismemberdescriptor(value):
            yield _fault(name, "does-nothing", "reading it returns None")
            yield _fault(name, "returns-copy", "reading it returns a copy")
            yield _fault(name, "ignores-write", "writing to it does nothing")
        elif inspect.isbuiltin(value) or inspect.ismethoddescriptor(value):
            others = tuple(same.get(name, ()))
            yield _fault(name, "does-nothing", "returns None", others=others)
            yield _fault(name, "returns-copy", "returns a copy of its result", others=others)
            if inspect.isclass(parent):
                yield _fault(name, "returns-self", "does nothing, returns self", others=others)
            for keyword in _keywords(value):
                after = f"does not see `{keyword}`"
                yield _fault(name, "drop-keyword", after, keyword=keyword, others=others)


def _fault(
    name: str, kind: str, after: str, *, keyword: str = "", others: tuple[str, ...] = ()
) -> WrapperFault:
    digest = hashlib.sha256(f"{name}\0{kind}\0{keyword}".encode()).hexdigest()[:10]
    return WrapperFault(f"{name}:{kind}:{digest}", name, kind, name, after, keyword, others)


def _keywords(value: Any) -> list[str]:
    """Return the parameters that the signature or the docstring of a compiled function names."""
    try:
        parameters = inspect.signature(value).parameters
        return [name for name in parameters if name != "self"]
    except (TypeError, ValueError):
        said = _ARGUMENT.match(inspect.getdoc(value) or "")
        named = [part.partition("=")[0].strip(" *") for part in said[1].split(",")] if said else []
        return [name for name in named if name.isidentifier()]


def plant_wrapper(fault: WrapperFault) -> None:
    """Put the wrapper in place of the function; raises NoFault where it cannot be replaced."""
    _, value = find(fault.name)
    stand_ins: StandIns = getattr(builtins, STAND_INS)
    if inspect.isgetsetdescriptor(value) or inspect.ismemberdescriptor(value):
        wrapper: Any = wrapped_attribute(value, fault, stand_ins)
    else:
        wrapper = wrapped_function(value, fault, stand_ins)
    placed = [_put(name, wrapper) for name in (fault.name, *fault.others)]
    if not any(placed):
        raise NoFault(f"{fault.name} cannot be replaced")


def _put(name: str, value: Any) -> bool:
    holder, _, last = name.rpartition(".")
    parts = holder.split(".")
    for length in range(len(parts), 0, -1):
        module = sys.modules.get(".".join(parts[:length]))
        if module is not None:
            try:
                setattr(functools.reduce(getattr, parts[length:], module), last, value)
            except (AttributeError, TypeError):
                return False
            return True
    importlib.import_module(parts[0])
    return False


def wrapped_function(value: Any, fault: WrapperFault, stand_ins: StandIns) -> Callable[..., Any]:
    """Return a function that does what a fault says."""
    position = _keywords(value).index(fault.keyword) if fault.keyword else -1

    @functools.wraps(value)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if fault.kind in {"does-nothing", "returns-self"}:
            stand_ins.ran[0] = 1
            return args[0] if fault.kind == "returns-self" else None
        if fault.kind == "returns-copy":
            return stand_ins.copy(value(*args, **kwargs))
        first = 1 if inspect.ismethoddescriptor(value) else 0
        if fault.keyword in kwargs or len(args) > first + position:
            stand_ins.ran[0] = 1
        kwargs.pop(fault.keyword, None)
        return value(*args[: first + position], **kwargs)

    return wrapper


def wrapped_attribute(value: Any, fault: WrapperFault, stand_ins: StandIns) -> property:
    """Return an attribute that does what a fault says."""

    def read(instance: Any) -> Any:
        if fault.kind == "does-nothing":
            stand_ins.ran[0] = 1
            return None
        found = value.__get__(instance, type(instance))
        return stand_ins.copy(found) if fault.kind == "returns-copy" else found

    def write(instance: Any, new: Any) -> None:
        if fault.kind == "ignores-write":
            stand_ins.ran[0] = 1
        else:
            value.__set__(instance, new)

    def remove(instance: Any) -> None:
        value.__delete__(instance)

    return property(read, write, remove)
