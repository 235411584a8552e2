"""Read, check and write the committed pictures of whole pages: a scenario, a PNG and its data.

`first.py` is the scenario, `first.png` its picture, `first.json` has the digests of both, the
versions that drew it, and the boxes of the labelled parts. All three lie in `docs/visdom/pages`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from torchproof.files import write_atomically
from torchproof.panes.page_drawing import Box, DrawnPage, page_settings
from torchproof.panes.page_scenario import scenario_digest
from torchproof.panes.versions import versions

PLACE = Path("visdom", "pages")
"""Folder of the scenarios and pictures below `docs`."""


@dataclass(frozen=True)
class Measured:
    """Size of a picture and boxes of its labelled parts, in CSS pixels."""

    size: tuple[int, int]
    parts: dict[str, Box]


@dataclass(frozen=True)
class PagePictures:
    """A folder of scenarios with their pictures."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of the scenarios."""
        return sorted(path.stem for path in self.folder.glob("*.py"))

    def scenario(self, name: str) -> Path:
        """Return the file of a scenario."""
        return self.folder / f"{name}.py"

    def png(self, name: str) -> Path:
        """Return the file of a picture, drawn or not."""
        return self.folder / f"{name}.png"

    def data(self, name: str) -> Path:
        """Return the file of what is known of a picture."""
        return self.folder / f"{name}.json"

    def measured(self, name: str) -> Measured:
        """Return the boxes of a picture; raises OSError, ValueError, KeyError or TypeError."""
        data = json.loads(self.data(name).read_text(encoding="utf-8"))
        width, height = data["size"]
        parts = {part: (x, y, w, h) for part, (x, y, w, h) in data["parts"].items()}
        return Measured((int(width), int(height)), parts)

    def out_of_date(self, name: str) -> str:
        """Return why a picture is not current; empty if it is."""
        try:
            png = self.png(name).read_bytes()
        except FileNotFoundError:
            return "it has no picture"
        try:
            data = json.loads(self.data(name).read_text(encoding="utf-8"))
            drawn_with, drawn, scenario = data["versions"], data["png"], data["scenario"]
            self.measured(name)
        except FileNotFoundError:
            return "its data file is missing"
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"{name}.json cannot be read"
        for what, version in page_versions().items():
            if drawn_with.get(what) != version:
                return f"it was drawn with {what} {drawn_with.get(what)}, here is {version}"
        if scenario != scenario_digest(self.scenario(name)):
            return "its scenario has changed"
        return "" if drawn == _digest(png) else "its picture does not match its data file"

    def due(self) -> dict[str, str]:
        """Return the pictures that are not current, with the reasons."""
        return {name: why for name in self.names() if (why := self.out_of_date(name))}

    def write(self, name: str, drawn: DrawnPage) -> None:
        """Write a picture, then its data; if interrupted in between, the picture is outdated."""
        data = {
            "versions": page_versions(),
            "chromium": drawn.chromium,
            "scenario": scenario_digest(self.scenario(name)),
            "png": _digest(drawn.png),
            "size": drawn.size,
            "parts": drawn.parts,
        }
        lines = (f'"{key}": {json.dumps(value)}' for key, value in data.items())
        write_atomically(self.png(name), drawn.png)
        write_atomically(self.data(name), "{\n" + ",\n".join(lines) + "\n}\n")


def page_versions() -> dict[str, str]:
    """Return the versions that a picture of a page depends on; if one changes, it is outdated."""
    settings = hashlib.sha256(page_settings().encode()).hexdigest()[:12]
    return {**versions(), "settings": settings}


def _digest(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()[:20]
