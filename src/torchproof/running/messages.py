"""The messages between a worker, the fork server and the processes that run subjects.

Each message is one line of JSON. Requests and replies carry a tag. The first line that a process
writes carries the protocol version.
"""

from __future__ import annotations

import os
from typing import Any, TypeVar, overload

import msgspec
from msgspec import Raw, Struct

from torchproof.finding.subjects import Subject
from torchproof.running.environment import Environment
from torchproof.running.outcome import Outcome

PROTOCOL = 1
"""Protocol version; bump it whenever a message changes."""
_T = TypeVar("_T")


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a process imports and runs before it is ready for a request."""

    preload: tuple[str, ...]
    extra: tuple[str, ...]
    """Optional modules."""
    patch: str
    """Python file that modifies torch; empty for none."""
    root: str
    """Folder that the paths of subjects are relative to."""


class RunSubject(Struct, frozen=True, tag="run-subject", forbid_unknown_fields=True):
    """A request to run a subject on a device; its reply is Ran."""

    subject: Subject
    device: str


class DescribeDevice(Struct, frozen=True, tag="describe-device", forbid_unknown_fields=True):
    """A request for the environment of a device; its reply is Described or Refusal."""

    device: str


class ListDevices(Struct, frozen=True, tag="list-devices", forbid_unknown_fields=True):
    """A request for the available devices; its reply is Devices."""


Request = RunSubject | DescribeDevice | ListDevices


class ForkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request to the fork server, which replies in any order."""

    ticket: int
    limit: float
    """Seconds that the reply may take."""
    request: Raw
    """An encoded Request, decoded in the fork only."""


class SpawnRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The one message that a new interpreter receives."""

    options: Options
    request: Request
    folder: str
    """Working folder of the subject."""


class Ready(Struct, frozen=True, tag="ready", forbid_unknown_fields=True):
    """The first line of a process that is ready for requests."""

    protocol: int = PROTOCOL


class Refusal(Struct, frozen=True, tag="refusal", forbid_unknown_fields=True):
    """The first line of a process that cannot start, or the reply for an unusable device."""

    error: str


class Ran(Struct, frozen=True, tag="ran", forbid_unknown_fields=True):
    """The reply to RunSubject, and to any request whose process exited before it replied."""

    outcome: Outcome


class Described(Struct, frozen=True, tag="described", forbid_unknown_fields=True):
    """The reply to DescribeDevice."""

    environment: Environment


class Devices(Struct, frozen=True, tag="devices", forbid_unknown_fields=True):
    """The reply to ListDevices."""

    names: tuple[str, ...]


Reply = Ran | Described | Devices | Refusal


class ForkReply(Struct, frozen=True, forbid_unknown_fields=True):
    """The fork server's reply to the request with the same ticket."""

    ticket: int
    reply: Raw
    """An encoded Reply, passed on as the fork wrote it."""


class MessageError(ValueError):
    """A line is not a message of the expected type: truncated, or written by another program."""


@overload
def decode(line: bytes, kind: type[_T]) -> _T: ...
@overload
def decode(line: bytes, kind: Any) -> Any: ...  # kind is a union
def decode(line: bytes, kind: Any) -> Any:
    """Decode the message in a line; raises MessageError, which names the invalid field."""
    if not line.endswith(b"\n"):
        raise MessageError(f"{_shown(line)} is torn")
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        raise MessageError(f"{_shown(line)} is no message: {error}") from None


def encode(message: object) -> bytes:
    """Encode a message as one line."""
    return msgspec.json.encode(message) + b"\n"


def write(descriptor: int, message: object) -> None:
    """Write a whole message to a file descriptor."""
    data = encode(message)
    while data:
        data = data[os.write(descriptor, data) :]


def why_not_ready(line: bytes) -> str:
    """Return why the process that wrote this first line is not ready; empty if it is."""
    if not line:
        return "it ended while it was starting"
    try:
        first: Ready | Refusal = decode(line, Ready | Refusal)
    except MessageError as error:
        return f"{error}; something in its start-up (a .pth file, sitecustomize) prints: remove it"
    if isinstance(first, Refusal):
        return first.error
    if first.protocol != PROTOCOL:
        return (
            f"its torchproof speaks protocol {first.protocol}, this one {PROTOCOL}: install the "
            "same torchproof for both Pythons"
        )
    return ""


def late_start(limit: float) -> str:
    """Return the error message for a process that was not ready in time."""
    return (
        f"it was not ready within {limit:g} s, in which it imports torch: "
        'see how long `python -c "import torch"` takes, and run again'
    )


def _shown(line: bytes) -> str:
    text = line[:80].decode(errors="replace")
    return f"{text!r}{'…' if len(line) > 80 else ''}"
