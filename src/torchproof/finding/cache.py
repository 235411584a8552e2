"""Cache findings by file: a page is parsed again only if it, or the finder, changed."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import msgspec

from torchproof.code_digest import finding_digest
from torchproof.files import write_atomically
from torchproof.finding.subjects import Found

_PARSERS = ("markdown-it-py", "mdit-py-plugins")


class FoundCache:
    """Findings by the content of their file; without a path nothing is cached."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._before: dict[str, Found] = {}
        self._now: dict[str, Found] = {}
        self._finder = b""
        if path is None:
            return
        versions = [importlib.metadata.version(name) for name in _PARSERS]
        self._finder = " ".join([finding_digest(), *versions]).encode()
        try:
            self._before = msgspec.json.decode(path.read_bytes(), type=dict[str, Found])
        except (FileNotFoundError, msgspec.MsgspecError):
            # An unreadable cache is rebuilt.
            self._before = {}

    def found(self, path: Path, *, root: Path, find: Callable[[], Found]) -> Found:
        """Return the findings of a file; call `find` if they are not cached."""
        if self._path is None:
            return find()
        file = path.relative_to(root).as_posix()
        content = hashlib.sha256(self._finder + file.encode() + b"\0" + path.read_bytes())
        key = content.hexdigest()
        found = self._now[key] = self._before[key] if key in self._before else find()
        return found

    def write(self) -> None:
        """Write the findings that were requested, and drop all others."""
        if self._path is not None and self._now.keys() != self._before.keys():
            write_atomically(self._path, msgspec.json.encode(self._now))
