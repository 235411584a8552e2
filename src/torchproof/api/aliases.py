"""Other public names of the same functions and classes: torch.autograd.no_grad is torch.no_grad."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Collection, Iterator
from typing import Any

from torchproof.api.introspection import UnknownName, find

_PLACES = ("torch", "torch.nn", "torch.func", "visdom")
"""Packages that re-export names, beside torch.autograd with all its modules."""
_WRAPPED = (staticmethod, classmethod)


def aliases(names: Collection[str]) -> dict[str, list[str]]:
    """Return the aliases of each name that has any; private ones only if they are in `names`."""
    wanted: dict[int, list[str]] = {}
    owners: dict[str, Any] = {}
    for name in sorted(names):
        try:
            parent, value = find(name)
        except UnknownName:
            continue
        # Unrelated attributes may be the same object: None, True, a dtype.
        if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, _WRAPPED):
            wanted.setdefault(id(value), []).append(name)
            if inspect.isclass(parent):
                owners[name.rpartition(".")[0]] = parent
    others: dict[str, set[str]] = {}
    for place, holder in (*_modules(), *owners.items()):
        for last in dir(holder):
            for name in wanted.get(id(inspect.getattr_static(holder, last, None)), ()):
                other = f"{place}.{last}"
                if other != name and (other in names or not last.startswith("_")):
                    others.setdefault(name, set()).add(other)
    return {name: sorted(found) for name, found in sorted(others.items())}


def _modules() -> Iterator[tuple[str, Any]]:
    for place in _PLACES:
        try:
            yield place, importlib.import_module(place)
        except ImportError:
            continue
    package = importlib.import_module("torch.autograd")
    yield package.__name__, package
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            name = f"{package.__name__}.{module.name}"
            yield name, importlib.import_module(name)
