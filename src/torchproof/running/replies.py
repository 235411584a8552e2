"""Lines of JSON between a worker and the processes that it has subjects run in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any


class ReplyError(ValueError):
    """A line is no reply: it is torn, or something else wrote it."""


def parse_reply(line: bytes) -> dict[str, Any]:
    """Parse one line, or raise ReplyError if it is no whole JSON object."""
    try:
        reply = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        shown = line[:80].decode(errors="replace")
        raise ReplyError(f"{shown!r}{'…' if len(line) > 80 else ''} is no reply")
    return reply


def write_reply(descriptor: int, reply: Mapping[str, Any]) -> None:
    """Write one line, whole."""
    data = json.dumps(reply).encode() + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]


def why_not_ready(line: bytes) -> str:
    """Read the first line of a process; return why it cannot run subjects, or nothing if it can."""
    if not line:
        return "it ended while it was starting"
    try:
        first = parse_reply(line)
    except ReplyError as error:
        return f"{error}: something in its start-up (a .pth file, sitecustomize) prints; remove it"
    return "" if "ready" in first else str(first.get("error", first))


def late_start(limit: float) -> str:
    """Return the message for a process that was not ready in time."""
    return (
        f"it was not ready within {limit:g} s, in which it imports torch: "
        'see how long `python -c "import torch"` takes, and run again'
    )
