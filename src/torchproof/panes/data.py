"""What a pane shows, as data: what the server holds of it, made free of chance.

Ids, and dates and ids in figures of Matplotlib, are a matter of chance and left out. Sound is not
seen: of it the length stands alone. A video stands without the number of threads that encoded it.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

# The name of a pane, its place, and what is random about it: nothing that it shows.
NOT_SHOWN = {"command", "contentID", "i", "id"}
_DIGITS = 9
"""Enough to tell what `difference` tells, few enough for a small repository."""
_SOUND = re.compile(r"(data:audio/[\w.+-]+;base64,)\s*([A-Za-z0-9+/=]+)")


def shown(pane: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pane shows: without ids, and with numbers of nine digits."""
    kept: dict[str, Any] = _plain({k: v for k, v in pane.items() if k not in NOT_SHOWN})
    return kept


def shown_text(pane: Mapping[str, Any]) -> str:
    """Return what a pane shows as text, the same one for each run that shows the same."""
    return json.dumps(shown(pane), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{_DIGITS}g}")
    return _without_chance(value) if isinstance(value, str) else value


def _without_chance(content: str) -> str:
    """Take out of an SVG or a video what differs from run to run, or from machine to machine."""
    if "matplotlib.org" in content:
        numbers: dict[str, str] = defaultdict(map(str, itertools.count()).__next__)
        undated = re.sub(r"<dc:date>.*?</dc:date>", "", content, flags=re.DOTALL)
        # Ids: m0123456789 of a marker, C0_0_0123456789 of a collection, image0123456789.
        random = r"(?:\b[a-z]|\bimage|(?<=_))[0-9a-f]{10}\b"
        content = re.sub(random, lambda found: f"id{numbers[found[0]]}", undated)
    content = re.sub(r"(?<=data:video/mp4;base64,)[\w+/=]+", _encoded_alike, content)
    return _SOUND.sub(lambda found: f"{found[1]}{len(found[2])}", content)


def _encoded_alike(video: re.Match[str]) -> str:
    # x264 writes into the file how many threads it had, which is a matter of the processor.
    data = base64.b64decode(video[0])
    return base64.b64encode(re.sub(rb"threads=\d+", b"", data)).decode()
