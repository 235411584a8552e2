"""Paths of pane pictures: by page and section, or by script, and by the pane's name.

`visdom/fields/surf/hill` is the pane `hill` of the section `surf` of docs/visdom/fields.md. The
second picture of a pane in one section is `hill.2`; a pane of an env other than main is `env@hill`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from torchproof.finding.subjects import Picture, Subject
from torchproof.pictures.kinds import Pane
from torchproof.running.outcome import Drawing

_LONGEST = 60
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Windows allows no file of these names, with any suffix."""
_RANDOM = re.compile(r"window_[0-9a-f]{13,}")
"""The id that a server makes up for a pane without a name."""


class Places:
    """The places of one section or script, assigned in the order of its pictures."""

    def __init__(self, folder: PurePosixPath) -> None:
        self._folder = folder
        self._taken: Counter[str] = Counter()

    def take(self, win: str, env: str = "main") -> PurePosixPath:
        """Return the place of the next picture of a pane, without a file suffix."""
        name = "window" if _RANDOM.fullmatch(win) else file_safe(win)
        if env != "main":
            name = f"{file_safe(env)}@{name}"
        self._taken[name] += 1
        number = self._taken[name]
        return self._folder / (name if number == 1 else f"{name}.{number}")


def page_places(subject: Subject) -> dict[tuple[int, Picture], PurePosixPath]:
    """Return the place of each pane that a section shows, by the number of its block."""
    page = PurePosixPath(subject.file).with_suffix("")
    section = subject.id.rpartition("::")[2]
    places = Places(PurePosixPath(*page.parts[1:], file_safe(section)))
    shown = (
        (number, picture)
        for number, example in enumerate(subject.examples)
        for picture in example.pictures
        if picture.kind == "pane"
    )
    return {key: places.take(key[1].name, key[1].env) for key in dict.fromkeys(shown)}


def recorded_panes(
    subject: Subject, drawings: Sequence[Drawing]
) -> Iterator[tuple[int, Picture, PurePosixPath, dict[str, Any]]]:
    """Yield the recorded panes of a section: line of the block, picture, place, JSON."""
    for (number, picture), place in page_places(subject).items():
        example = subject.examples[number]
        for drawing in drawings:
            found = (drawing.example, drawing.name) == (number, picture.name)
            if found and isinstance(drawing.shown, Pane):
                yield example.line, picture, place, json.loads(drawing.shown.json)
                break


def script_places(file: str) -> Places:
    """Return the places of a script, given its path from the root."""
    return Places(PurePosixPath(file).with_suffix(""))


def file_safe(name: str) -> str:
    """Return a file name that is valid and unique on every file system.

    A changed name gets a digest of the original: `Loss` and `loss` are one file on Windows.
    """
    safe = re.sub(r"[^a-z0-9_-]+", "-", name.lower())[:_LONGEST]
    if _RESERVED.fullmatch(safe):
        safe += "_"
    if safe == name and name:
        return name
    return f"{safe or '_'}.{hashlib.sha256(name.encode()).hexdigest()[:6]}"
