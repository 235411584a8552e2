"""See which code appends to a list, for the replay of a call trace."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from inspect import CO_VARARGS
from types import FrameType
from typing import Any

from torchproof.replays.values import shape_of

Appended = tuple[int, str, tuple[str, ...]]
"""Line, name of the function, and names and shapes of its arguments."""
_UNSEEN: Appended = (0, "", ())


class AppendWatcher:
    """Notes the calls of `list.append` in a file, by list."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[tuple[int, int], tuple[object, Appended]] = {}

    @contextlib.contextmanager
    def watching(self, *, on: bool) -> Iterator[None]:
        """Watch in this block, if `on`; this takes the interpreter's profile function."""
        if on:
            sys.setprofile(self._profile)
        try:
            yield
        finally:
            if on:
                sys.setprofile(None)

    def made(self, lines: list[object]) -> list[Appended]:
        """Return for each line of a trace what appended it; line 0 where nothing was seen."""
        found = (self._found.get((id(lines), i), (None, _UNSEEN)) for i in range(len(lines)))
        return [
            made if seen is line else _UNSEEN
            for line, (seen, made) in zip(lines, found, strict=True)
        ]

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_return" or frame.f_code.co_filename != self.file:
            return
        if getattr(called, "__name__", "") == "append" and isinstance(called.__self__, list):
            items, code = called.__self__, frame.f_code
            name = "" if code.co_name == "<module>" else code.co_name
            made = (frame.f_lineno, name, _arguments(frame) if name else ())
            self._found[id(items), len(items) - 1] = (items[-1], made)


def _arguments(frame: FrameType) -> tuple[str, ...]:
    """Return names and shapes of the tensors that a function got."""

    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
    given = ((name, frame.f_locals.get(name)) for name in code.co_varnames[:count])
    return tuple(f"{name}: {_shapes(value)}" for name, value in given if _has_tensor(value))


def _has_tensor(value: object) -> bool:
    from torch import Tensor

    if isinstance(value, tuple):
        return any(map(_has_tensor, value))
    return isinstance(value, Tensor)


def _shapes(value: object) -> str:
    """Return a value with the shape in the place of each tensor."""
    from torch import Tensor

    if isinstance(value, Tensor):
        return f"tensor {shape_of(value)}"
    if isinstance(value, tuple):
        inner = ", ".join(map(_shapes, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value) if isinstance(value, int | float | str | dict | None) else "…"
