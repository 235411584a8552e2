"""Record the trace of a call, from the list of lines that an example has asserted."""

from __future__ import annotations

from torchproof.pictures.kinds import Trace


def record_trace(value: object, *, name: str) -> Trace:
    """Return a trace; raises TypeError for anything but a list of non-empty strings."""
    if isinstance(value, list) and all(isinstance(line, str) and line for line in value):
        return Trace(name, tuple(value))
    raise TypeError(f"`{name}` is no trace: a list of lines, each with its lane in front")
