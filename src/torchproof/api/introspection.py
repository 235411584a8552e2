"""Introspect a name of the installed torch or visdom."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from torchproof.api.annotations import annotated_names, signature_of
from torchproof.api.links import source_url, upstream_url

Kind = Literal["method", "function", "class", "attribute", "property"]

_MISSING = object()


@dataclass(frozen=True)
class Description:
    """A name of the installed torch or visdom."""

    qualified: str
    kind: Kind
    signature: str
    """Parameters without `self`, and the return type; empty for attributes and properties."""
    source_file: str | None
    """Relative to the folder of the package; None if it is not written in Python."""
    source_line: int | None
    source_url: str | None
    upstream_url: str


class UnknownName(ValueError):
    """The name does not exist in the installed package."""


def describe(qualified: str) -> Description:
    """Introspect a full name such as `torch.nn.Module.to`; raises `UnknownName`."""
    parent, value = find(qualified)
    kind = kind_of(qualified)
    file, line = _source(parent, value, qualified.rpartition(".")[2])
    return Description(
        qualified=qualified,
        kind=kind,
        signature="" if kind in ("attribute", "property") else _signature(parent, value),
        source_file=file,
        source_line=line,
        source_url=source_url(file, line) if file else None,
        upstream_url=upstream_url(qualified, value),
    )


def kind_of(qualified: str) -> Kind:
    """Return the kind of a name."""
    parent, value = find(qualified)
    if isinstance(value, property | functools.cached_property):
        return "property"
    if inspect.isclass(value):
        return "class"
    if inspect.isroutine(value) or isinstance(value, staticmethod | classmethod):
        return "method" if inspect.isclass(parent) else "function"
    return "attribute"


def find(qualified: str) -> tuple[Any, Any]:
    """Return the parent and the value of a full name; raises `UnknownName`.

    For an attribute that only instances have, the value is a unique marker.
    """
    found = _look_up(qualified)
    if found is None or inspect.ismodule(found[1]):
        raise UnknownName(_complaint(qualified))
    return found


def _look_up(qualified: str) -> tuple[Any, Any] | None:
    last = qualified.rpartition(".")[2]
    parents = list(_parents(qualified))
    for parent in parents:
        value = inspect.getattr_static(parent, last, _MISSING)
        if value is _MISSING:  # some modules create their members on access
            value = getattr(parent, last, _MISSING)
        if value is not _MISSING:
            return parent, value
    for parent in parents:
        if isinstance(parent, type) and last in _instance_attributes(parent):
            return parent, _MISSING
    return None


def _parents(qualified: str) -> Iterator[Any]:
    """Yield possible parents of the name: torch.autograd.gradcheck is a function and a module."""
    parts = qualified.split(".")
    if parts[0] not in ("torch", "visdom"):
        return
    for length in range(1, len(parts)):
        try:
            place = importlib.import_module(".".join(parts[:length]))
            yield functools.reduce(getattr, parts[length:-1], place)
        except (ImportError, AttributeError):
            continue


@functools.cache
def _instance_attributes(cls: Any) -> frozenset[str]:
    """Return the attributes that a class declares, or that its methods set."""
    names: set[str] = set()
    for ancestor in cls.__mro__[:-1]:
        names.update(annotated_names(ancestor))
        try:
            source = "".join(_class_source(ancestor)[0])
        except (OSError, TypeError):
            continue
        names.update(re.findall(r"\bself\.(\w+)\s*[:=](?!=)", source))
        names.update(re.findall(r'__setattr__\("(\w+)"', source))
    return frozenset(names)


def _complaint(qualified: str) -> str:
    parts = qualified.split(".")
    if parts[0] not in ("torch", "visdom"):
        return f"`{qualified}`: a full name begins with torch or visdom"
    try:
        place: Any = importlib.import_module(parts[0])
    except ImportError as error:
        return f"`{qualified}`: {error}; install {parts[0]}"
    depth = 1
    while depth < len(parts) and hasattr(place, parts[depth]):
        place = getattr(place, parts[depth])
        depth += 1
    if depth == len(parts) and inspect.ismodule(place):
        return f"`{qualified}` is a module; name what is in it"
    depth = min(depth, len(parts) - 1)
    known = {*dir(place), *(_instance_attributes(place) if isinstance(place, type) else ())}
    close = get_close_matches(parts[depth], sorted(known))
    guesses = [".".join([*parts[:depth], name, *parts[depth + 1 :]]) for name in close]
    guesses = [guess for guess in guesses if _look_up(guess)]
    message = f"`{qualified}` does not exist in {parts[0]} {importlib.metadata.version(parts[0])}"
    return f"{message}; did you mean {', '.join(guesses)}?" if guesses else message


def _source(parent: Any, value: Any, name: str) -> tuple[str | None, int | None]:
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    try:
        if inspect.isroutine(value) or inspect.isclass(value):
            value = inspect.unwrap(value)
            source = _class_source if inspect.isclass(value) else inspect.getsourcelines
            return _relative(value), source(value)[1]
        for ancestor in parent.__mro__ if inspect.isclass(parent) else ():
            lines, first = _class_source(ancestor)
            for number, line in enumerate(lines, first):
                if re.search(rf'^\s+(self\.)?{name}\s*[:=](?!=)|__setattr__\("{name}"', line):
                    return _relative(ancestor), number
    except (OSError, TypeError):  # written in C
        pass
    return None, None


@functools.cache
def _class_source(cls: Any) -> tuple[list[str], int]:
    return inspect.getsourcelines(cls)  # parses the whole file


def _relative(value: Any) -> str:
    file = inspect.getsourcefile(value)
    package = importlib.import_module(value.__module__.partition(".")[0])
    return Path(str(file)).relative_to(Path(str(package.__file__)).parents[1]).as_posix()


def _signature(parent: Any, value: Any) -> str:
    bound = inspect.isclass(parent) and not isinstance(value, staticmethod)
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    try:
        signature = signature_of(value)
    except ValueError:  # C has no signature; often the docstring begins with one
        first = (inspect.getdoc(value) or "").partition("\n")[0]
        told = re.match(rf"{value.__name__}(\(.*)", first)
        return re.sub(r"-> \((\w+)\)$", r"-> \1", told[1]) if told else "(...)"
    parameters = list(signature.parameters.values())
    if bound and inspect.isroutine(value):
        parameters = parameters[1:]
    returned = signature.return_annotation
    if inspect.isclass(value):
        returned = inspect.Signature.empty  # __init__ returns None; readers need not see it
    text = str(signature.replace(parameters=parameters, return_annotation=returned))
    return re.sub(r" at 0x[0-9a-f]+", "", text)
