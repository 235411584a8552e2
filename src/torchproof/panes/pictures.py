"""Read, check and draw the committed pictures of panes: a PNG each, with its data beside it.

`hill.json` holds the JSON of the pane, the versions that drew it, and the digest of `hill.png`. The
picture is current if all three agree with the current ones; see `difference`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from torchproof.files import write_atomically
from torchproof.panes.data import shown
from torchproof.panes.difference import difference
from torchproof.panes.versions import versions
from torchproof.visdom.browser import PaneError, draw_each
from torchproof.visdom.png import smaller


@dataclass(frozen=True)
class PanePictures:
    """A folder of pictures, each at its place."""

    folder: Path

    def png(self, place: PurePosixPath) -> Path:
        """Return the file of a picture, drawn or not."""
        return self.folder / f"{place}.png"

    def data(self, place: PurePosixPath) -> Path:
        """Return the file of the data that a picture was drawn from."""
        return self.folder / f"{place}.json"

    def places(self) -> set[PurePosixPath]:
        """Return the places that have a picture or its data."""
        files = (path.relative_to(self.folder) for path in self.folder.rglob("*.*"))
        endings = {".png", ".json"}
        return {PurePosixPath(f.parent.as_posix(), f.stem) for f in files if f.suffix in endings}

    def out_of_date(self, place: PurePosixPath, pane: Mapping[str, Any]) -> str:
        """Return why a picture is outdated for a pane; empty if it is current."""
        return self.unsound(place) or difference(shown(pane), self._read(place)["pane"])

    def unsound(self, place: PurePosixPath) -> str:
        """Return the error in the files of a place or in their versions; empty if valid."""
        try:
            digest = _digest(self.png(place).read_bytes())
        except FileNotFoundError:
            return "it has no picture"
        try:
            data = self._read(place)
            drawn_with, drawn = data["versions"], data["png"]
            data["pane"]["type"]
        except FileNotFoundError:
            return "its data file is missing"
        except (ValueError, KeyError, TypeError):
            return f"{self.data(place).name} cannot be read"
        for name, version in versions().items():
            if drawn_with.get(name) != version:
                return f"it was drawn with {name} {drawn_with.get(name)}, here is {version}"
        return "" if digest == drawn else "its picture does not match its data file"

    def draw(
        self, panes: Mapping[PurePosixPath, Mapping[str, Any]]
    ) -> dict[PurePosixPath, PaneError]:
        """Draw panes to their places; return errors for those that the front end cannot draw.

        Raises `BrowserMissingError` or `AssetsError` if nothing can be drawn here.
        """
        failed = {}
        with contextlib.closing(draw_each(list(panes.values()))) as drawn:
            for (place, pane), picture in zip(panes.items(), drawn, strict=True):
                if isinstance(picture, PaneError):
                    failed[place] = picture
                else:
                    self.write(place, pane, smaller(picture.png), chromium=picture.chromium)
        return failed

    def write(
        self, place: PurePosixPath, pane: Mapping[str, Any], png: bytes, *, chromium: str = ""
    ) -> None:
        """Write a picture, then its data; if interrupted in between, the picture is outdated."""
        data = {
            "versions": versions(),
            **({"chromium": chromium} if chromium else {}),
            "png": _digest(png),
            "pane": shown(pane),
        }
        lines = (
            f'"{key}":{json.dumps(value, sort_keys=True, separators=(",", ":"))}'
            for key, value in data.items()
        )
        write_atomically(self.png(place), png)
        write_atomically(self.data(place), "{\n" + ",\n".join(lines) + "\n}\n")

    def _read(self, place: PurePosixPath) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.data(place).read_text(encoding="utf-8"))
        return data


def _digest(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()[:20]
