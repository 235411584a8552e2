"""The messages between a worker, the fork server and the processes that run subjects.

Each is one line of JSON. Requests and replies carry a tag, and the first line that a process
writes carries the version of this protocol.
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
"""Changes whenever a message does."""
_T = TypeVar("_T")


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a process imports and runs before it is ready for a request."""

    preload: tuple[str, ...]
    extra: tuple[str, ...]
    """Modules that may be missing."""
    patch: str
    """File that changes torch; empty for none."""
    root: str
    """Folder that the files of subjects are relative to."""


class RunSubject(Struct, frozen=True, tag="run-subject", forbid_unknown_fields=True):
    """A request to run a subject on a device; its reply is an Outcome."""

    subject: Subject
    device: str


class DescribeDevice(Struct, frozen=True, tag="describe-device", forbid_unknown_fields=True):
    """A request for the environment of a device; its reply is Described, or a Refusal."""

    device: str


class ListDevices(Struct, frozen=True, tag="list-devices", forbid_unknown_fields=True):
    """A request for the devices that are present; its reply is Devices."""


Request = RunSubject | DescribeDevice | ListDevices


class ForkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request to the fork server, which answers in any order."""

    ticket: int
    limit: float
    """Seconds that the answer may take."""
    request: Raw
    """A Request, which only the fork decodes."""


class SpawnRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a new interpreter is told."""

    options: Options
    request: Request
    folder: str
    """Working folder of the subject."""


class Ready(Struct, frozen=True, tag="ready", forbid_unknown_fields=True):
    """The first line of a process that can take requests."""

    protocol: int = PROTOCOL


class Refusal(Struct, frozen=True, tag="refusal", forbid_unknown_fields=True):
    """The first line of a process that cannot, or the reply for a device that cannot be had."""

    error: str


class Ran(Struct, frozen=True, tag="ran", forbid_unknown_fields=True):
    """The reply to RunSubject, and to every request whose process ended before it replied."""

    outcome: Outcome


class Described(Struct, frozen=True, tag="described", forbid_unknown_fields=True):
    """The reply to DescribeDevice."""

    environment: Environment


class Devices(Struct, frozen=True, tag="devices", forbid_unknown_fields=True):
    """The reply to ListDevices."""

    names: tuple[str, ...]


Reply = Ran | Described | Devices | Refusal


class ForkReply(Struct, frozen=True, forbid_unknown_fields=True):
    """The fork server's answer to the request of a ticket."""

    ticket: int
    reply: Raw
    """A Reply, passed on as the fork wrote it."""


class MessageError(ValueError):
    """A line is no message of the kind that was awaited: torn, or written by something else."""


@overload
def decode(line: bytes, kind: type[_T]) -> _T: ...
@overload
def decode(line: bytes, kind: Any) -> Any: ...  # of a union
def decode(line: bytes, kind: Any) -> Any:
    """Return the message in a line; raises MessageError, which names the field that is wrong."""
    if not line.endswith(b"\n"):
        raise MessageError(f"{_shown(line)} is torn")
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        raise MessageError(f"{_shown(line)} is no message: {error}") from None


def encode(message: object) -> bytes:
    """Return a message as a line."""
    return msgspec.json.encode(message) + b"\n"


def write(descriptor: int, message: object) -> None:
    """Write a message, whole."""
    data = encode(message)
    while data:
        data = data[os.write(descriptor, data) :]


def why_not_ready(line: bytes) -> str:
    """Return why the process that wrote this first line cannot run subjects; empty if it can."""
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
    """Return the message for a process that was not ready in time."""
    return (
        f"it was not ready within {limit:g} s, in which it imports torch: "
        'see how long `python -c "import torch"` takes, and run again'
    )


def _shown(line: bytes) -> str:
    text = line[:80].decode(errors="replace")
    return f"{text!r}{'…' if len(line) > 80 else ''}"
