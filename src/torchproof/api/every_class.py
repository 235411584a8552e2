"""What the running Python gives to every class, whatever its author writes."""

# No `from __future__ import annotations` here: under it, Python 3.14 gives other attributes.

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


# Python 3.14 keeps the annotations in the class once somebody asked for them.
inspect.get_annotations(_Plain)
_TO_ITSELF = frozenset(name for name in vars(_Plain) if name.startswith("_"))

GIVEN = frozenset(name for name in dir(_Abstract) if name.startswith("_"))
"""The names that a class has, even an abstract one, without its author writing them."""


def written_in(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a class that its author wrote: not its ancestors', not Python's."""
    for name, value in vars(cls).items():
        if name not in _TO_ITSELF:
            yield name, value
