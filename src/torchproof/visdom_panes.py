"""Pictures of panes: what a server holds of a pane, its digest, its file.

A picture is filed under the digest of its pane. So a machine without a browser shows what another
one has drawn, and no pane that has changed shows an old picture.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchproof.visdom_application import HOST
from torchproof.visdom_browser import draw_panes

# The name of a pane, its place, and what is random about it: nothing that it shows.
NOT_SHOWN = {"command", "contentID", "i", "id"}


def picture(server: str | int, win: str, env: str = "main") -> bytes:
    """Return the picture of a pane of a running server, as PNG.

    `server` is its URL, or its port on this machine. Raises `LookupError` where the server has no
    such pane, `BrowserMissingError` where nothing can draw it, `PaneError` where it stays blank.
    """
    pane = pane_json(server, win, env)
    if pane is None:
        raise LookupError(f"the Visdom server {server} has no pane {win!r} in the env {env!r}")
    return _small(draw_panes([pane])[0])


def pane_json(server: str | int, win: str, env: str = "main") -> dict[str, Any] | None:
    """Return what a running server holds of a pane, None where it has no such pane."""
    if not _ask(server, "win_exists", win=win, eid=env):
        return None
    pane: dict[str, Any] = _ask(server, "win_data", win=win, eid=env)
    return pane


def pane_digest(pane: Mapping[str, Any]) -> str:
    """Return 20 hexadecimal digits, the same ones for each run that shows the same."""
    shown = {key: value for key, value in pane.items() if key not in NOT_SHOWN}
    if isinstance(shown.get("content"), str):
        shown["content"] = _without_chance(shown["content"])
    text = json.dumps(shown, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class PaneCache:
    """A folder of pictures, each named after the digest of its pane."""

    folder: Path

    def path(self, pane: Mapping[str, Any]) -> Path:
        """Return the file of a pane's picture, drawn or not."""
        return self.folder / f"{pane_digest(pane)}.png"

    def draw_missing(self, panes: Iterable[Mapping[str, Any]]) -> list[Path]:
        """Draw the panes that have no picture yet; return the new files."""
        missing = {path: pane for pane in panes if not (path := self.path(pane)).exists()}
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, png in zip(missing, draw_panes(list(missing.values())), strict=True):
            partial = path.with_suffix(".partial")
            partial.write_bytes(_small(png))
            partial.replace(path)
        return list(missing)


def _ask(server: str | int, question: str, **where: str) -> Any:
    url = f"http://{HOST}:{server}" if isinstance(server, int) else server.rstrip("/")
    # A proxy of the environment is not on the way to a server on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/{question}", json.dumps(where).encode(), timeout=30) as answer:
            return json.load(answer)
    except OSError as error:
        raise ConnectionError(
            f"no Visdom server answers at {url}/{question} ({error}): start one with "
            "python -m torchproof.visdom_server"
        ) from error


def _without_chance(content: str) -> str:
    """Take out of an SVG or a video what differs from run to run, or from machine to machine."""
    if "matplotlib.org" in content:
        numbers: dict[str, str] = defaultdict(map(str, itertools.count()).__next__)
        undated = re.sub(r"<dc:date>.*?</dc:date>", "", content)
        # Ids: m0123456789 of a marker, C0_0_0123456789 of a collection, image0123456789.
        random = r"(?:\b[a-z]|\bimage|(?<=_))[0-9a-f]{10}\b"
        return re.sub(random, lambda found: f"id{numbers[found[0]]}", undated)
    return re.sub(r"(?<=data:video/mp4;base64,)[\w+/=]+", _encoded_alike, content)


def _encoded_alike(video: re.Match[str]) -> str:
    # x264 writes into the file how many threads it had, which is a matter of the processor.
    data = base64.b64decode(video[0])
    return base64.b64encode(re.sub(rb"threads=\d+", b"", data)).decode()


def _small(png: bytes) -> bytes:
    """Reduce a picture to 256 colours, unless that puts bands into its gradients."""
    from PIL import Image, ImageChops, ImageStat

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.getcolors(256) is not None
    method = Image.Quantize.MEDIANCUT if few else Image.Quantize.MAXCOVERAGE
    reduced = picture.quantize(256, method=method, dither=Image.Dither.NONE)
    change = ImageStat.Stat(ImageChops.difference(picture, reduced.convert("RGB")))
    if max(most for _, most in change.extrema) > 6:
        return png
    small = io.BytesIO()
    reduced.save(small, "PNG", optimize=True)
    return min(png, small.getvalue(), key=len)
