"""Normalise the JSON of a pane: remove what differs from run to run.

Ids, and dates and ids in Matplotlib figures, are random and removed. Of audio, which a picture does
not show, only the length is kept. A video loses the number of threads that encoded it.
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

# Name, position and random ids of a pane: a picture shows none of them.
NOT_SHOWN = {"command", "contentID", "i", "id"}
_DIGITS = 9
"""Enough for the tolerances of `difference`, few enough to keep the repository small."""
_SOUND = re.compile(r"(data:audio/[\w.+-]+;base64,)\s*([A-Za-z0-9+/=]+)")


def shown(pane: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normalised JSON of a pane: without ids, numbers cut to nine digits."""
    kept: dict[str, Any] = _plain({k: v for k, v in pane.items() if k not in NOT_SHOWN})
    return kept


def shown_text(pane: Mapping[str, Any]) -> str:
    """Return the normalised JSON as text, equal for runs that show the same."""
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
    """Remove from an SVG or a video what differs between runs or machines."""
    if "matplotlib.org" in content:
        numbers: dict[str, str] = defaultdict(map(str, itertools.count()).__next__)
        undated = re.sub(r"<dc:date>.*?</dc:date>", "", content, flags=re.DOTALL)
        # Ids: m0123456789 of a marker, C0_0_0123456789 of a collection, image0123456789.
        random = r"(?:\b[a-z]|\bimage|(?<=_))[0-9a-f]{10}\b"
        content = re.sub(random, lambda found: f"id{numbers[found[0]]}", undated)
    content = re.sub(r"(?<=data:video/mp4;base64,)[\w+/=]+", _encoded_alike, content)
    return _SOUND.sub(lambda found: f"{found[1]}{len(found[2])}", content)


def _encoded_alike(video: re.Match[str]) -> str:
    # x264 writes the number of its threads, which depends on the processor, into the file.
    data = base64.b64decode(video[0])
    return base64.b64encode(re.sub(rb"threads=\d+", b"", data)).decode()
