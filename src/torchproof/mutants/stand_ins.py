"""What changed code calls, under one name in `builtins`."""

from __future__ import annotations

import builtins
import copy as copying
import sys
from collections.abc import Iterable
from typing import Any, Protocol

from torchproof.mutants.changes import STAND_INS


class Notes(Protocol):
    """Bytes that all processes of a run share."""

    def __setitem__(self, index: int, value: int, /) -> None:
        """Note something."""


class StandIns:
    """The functions that take the place of code.

    Byte 0 of `ran` is set when one of them changed something; the others belong to the probes.
    """

    def __init__(self, ran: Notes) -> None:
        self.ran = ran

    def copy(self, value: Any) -> Any:
        """Return a copy of a tensor or a container, and anything else as it is."""
        copied: Any = None
        if isinstance(value, list | dict | set):
            copied = copying.copy(value)
        elif torch := sys.modules.get("torch"):
            if isinstance(value, torch.nn.Module | torch.nn.Parameter):
                copied = copying.deepcopy(value)
            elif isinstance(value, torch.Tensor):
                copied = value.clone()
        if copied is None:
            return value
        self.ran[0] = 1
        return copied

    def first(self, items: Iterable[Any]) -> list[Any]:
        """Return the first item, if there is one; an endless iterator is not read to its end."""
        found: list[Any] = []
        for item in items:
            if found:
                self.ran[0] = 1
                break
            found.append(item)
        return found

    def backwards(self, items: Iterable[Any]) -> list[Any]:
        """Return the items from the last to the first."""
        found = list(items)[::-1]
        if len(found) > 1:
            self.ran[0] = 1
        return found


def install(ran: Notes) -> None:
    """Put the stand-ins into `builtins`."""
    setattr(builtins, STAND_INS, StandIns(ran))
