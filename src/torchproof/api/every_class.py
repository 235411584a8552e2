"""Attributes that the running Python adds to every class."""

# No `from __future__ import annotations` here: with it, Python 3.14 adds other attributes.

import abc
import inspect
from collections.abc import Iterator
from typing import Any


class _Plain:
    """It has a docstring, an annotation, and a method that sets an attribute."""

    annotated: int

    def method(self) -> None:
        self.kept = self


class _Abstract(abc.ABC, _Plain):
    @abc.abstractmethod
    def method(self) -> None: ...


# Python 3.14 stores annotations in the class when they are first read.
inspect.get_annotations(_Plain)
_TO_ITSELF = frozenset(name for name in vars(_Plain) if name.startswith("_"))

GIVEN = frozenset(name for name in dir(_Abstract) if name.startswith("_"))
"""The names that Python adds to a class, including an abstract one."""


def written_in(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that a class defines itself, without inherited and Python's own."""
    for name, value in vars(cls).items():
        if name not in _TO_ITSELF:
            yield name, value
