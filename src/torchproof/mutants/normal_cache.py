"""Keep how subjects run without a fault, so that a session that goes on need not run them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from torchproof.code_digest import code_of
from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject


class Seen(msgspec.Struct, frozen=True):
    """How one subject ran."""

    seconds: float
    reached: tuple[int, ...] | None
    """Numbers of the probes that ran; None where the probes disturb the subject."""


class NormalCache:
    """Runs without a fault, by the code of the subject and of what has the probes."""

    def __init__(self, path: Path, *, probed: Iterable[object]) -> None:
        self._path = path
        self._probed = hashlib.sha256(repr(sorted(map(repr, probed))).encode()).hexdigest()
        try:
            self._seen = msgspec.json.decode(path.read_bytes(), type=dict[str, Seen])
        except (FileNotFoundError, msgspec.MsgspecError):
            # It can be filled again.
            self._seen = {}

    def get(self, subject: Subject) -> Seen | None:
        """Return how a subject ran, if it has run as it is now."""
        return self._seen.get(self._key(subject))

    def put(self, subject: Subject, seen: Seen) -> None:
        """Keep how a subject ran."""
        self._seen[self._key(subject)] = seen

    def write(self) -> None:
        """Write the file."""
        write_atomically(self._path, msgspec.json.encode(self._seen))

    def _key(self, subject: Subject) -> str:
        content = f"{subject.digest} {code_of(subject)} {self._probed}"
        return f"{subject.id} {hashlib.sha256(content.encode()).hexdigest()[:16]}"
