"""Compare two panes: structure and strings exactly, numbers within a tolerance.

Two panes show the same if structure and strings are equal, and numbers differ by no more than
they do between processors. What `difference` tolerates, and why:

* Numbers of an array: 1e-5 of the array's spread. A pane is at most 1300 pixels wide, so that is a
  hundredth of a pixel. Never less than 2.5e-7 of the largest: float32 is no finer than half of it.
* A single number: 1e-5 of it. None and NaN equal themselves.
* Numbers in SVG and MathML: 1e-5, or 1e-5 of those above 1. They are written with six decimals.
* Images: two of 255 steps in each channel of each pixel, as a float is rounded to a step and
  decoders of JPEG differ by one. Without Pillow the encoded bytes have to be equal.
* Typed arrays of plotly (`bdata`) are arrays like all others.
"""

from __future__ import annotations

import base64
import io
import itertools
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

OF_SPREAD = 1e-5
OF_LARGEST = 2.5e-7
OF_ITSELF = 1e-5
STEPS = 2
_TYPES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "f4": "f", "f8": "d"}
_BASE64 = r"[A-Za-z0-9+/=]+(?:\s+[A-Za-z0-9+/=]+)*"
_IMAGE = re.compile(rf"(data:image/(?:png|jpe?g);base64,\s*{_BASE64})")
_MARKUP = re.compile(r"<(?:svg|math)\b")
# Not the digits of a colour or an id. A path may have its command or a sign before it: M10.5-3.
_NUMBER = re.compile(
    r"((?:(?<![#.\w])|(?<=(?<![#.\w])[A-Za-z])|(?<=\d)(?=[-+]))"
    r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?)"
)


def difference(now: Any, before: Any, *, at: str = "") -> str:
    """Return where two results of `shown` differ beyond the tolerance; empty if they agree."""
    if isinstance(now, Mapping) and isinstance(before, Mapping):
        return _of_mappings(now, before, at)
    if isinstance(now, list) and isinstance(before, list):
        return _of_lists(now, before, at)
    if isinstance(now, str) and isinstance(before, str):
        return "" if _strings_alike(now, before) else _told(now, before, at)
    if _is_number(now) and _is_number(before):
        limit = OF_ITSELF * max(abs(now), abs(before))
        return "" if _near(now, before, limit) else _told(now, before, at)
    same = type(now) is type(before) and now == before
    return "" if same else _told(now, before, at)


def _of_mappings(now: Mapping[str, Any], before: Mapping[str, Any], at: str) -> str:
    if now.keys() != before.keys():
        keys = ", ".join(sorted(now.keys() ^ before.keys()))
        return f"{at or 'the pane'} has different keys: {keys}"
    if "bdata" in now and now != before:
        arrays = _typed(now), _typed(before)
        if arrays[0] is not None and arrays[1] is not None:
            rest = [{**one, "bdata": None} for one in (now, before)]
            return difference(*rest, at=at) or _of_lists(arrays[0], arrays[1], at)
    for key in now:
        if found := difference(now[key], before[key], at=f"{at}.{key}" if at else key):
            return found
    return ""


def _of_lists(now: list[Any], before: list[Any], at: str) -> str:
    if now == before:
        return ""
    if len(now) != len(before):
        return f"{at} has {len(now)} items and had {len(before)}"
    leaves = [list(_leaves(array, at)) for array in (now, before)]
    if not all(_is_number(leaf) or leaf is None for _, leaf in itertools.chain(*leaves)):
        pairs = zip(now, before, strict=True)
        found = (difference(*pair, at=f"{at}[{n}]") for n, pair in enumerate(pairs))
        return next(filter(None, found), "")
    if [path for path, _ in leaves[0]] != [path for path, _ in leaves[1]]:
        return f"{at} has a different shape"
    finite = [x for _, x in leaves[1] if x is not None and math.isfinite(x)] or [0.0]
    spread, largest = max(finite) - min(finite), max(map(abs, finite))
    limit = max(OF_SPREAD * spread, OF_LARGEST * largest)
    for (path, one), (_, other) in zip(*leaves, strict=True):
        if not (one is other is None or _near(one, other, limit)):
            return _told(one, other, path)
    return ""


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{at}[{number}]")
    else:
        yield at, value


def _near(now: float | None, before: float | None, limit: float) -> bool:
    if now is None or before is None:
        return False
    if math.isfinite(now) and math.isfinite(before):
        return abs(now - before) <= limit
    return now == before or (math.isnan(now) and math.isnan(before))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(now: Any, before: Any, at: str) -> str:
    words = [text if len(text := repr(value)) < 40 else f"{text[:36]}…" for value in (now, before)]
    if words[0] == words[1]:
        return f"{at} is a different text"
    return f"{at} is {words[0]} and was {words[1]}"


def _strings_alike(now: str, before: str) -> bool:
    if now == before:
        return True
    markup = _MARKUP.search(now) and _MARKUP.search(before)
    ours, theirs = _IMAGE.split(now), _IMAGE.split(before)
    if len(ours) != len(theirs):
        return False
    alike = _markup_alike if markup else str.__eq__
    return all(alike(*pair) for pair in zip(ours[::2], theirs[::2], strict=True)) and all(
        _images_alike(*pair) for pair in zip(ours[1::2], theirs[1::2], strict=True)
    )


def _markup_alike(now: str, before: str) -> bool:
    ours, theirs = _NUMBER.split(now), _NUMBER.split(before)
    if ours[::2] != theirs[::2]:
        return False
    pairs = zip(map(float, ours[1::2]), map(float, theirs[1::2]), strict=True)
    return all(_near(x, y, OF_ITSELF * max(1.0, abs(x), abs(y))) for x, y in pairs)


def _images_alike(now: str, before: str) -> bool:
    if now == before:
        return True
    try:
        from PIL import Image, ImageChops
    except ModuleNotFoundError:
        return False
    try:
        one, other = (
            Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA")
            for uri in (now, before)
        )
    except (OSError, ValueError):
        return False
    if one.size != other.size:
        return False
    bands = ImageChops.difference(one, other).getextrema()
    return all(most <= STEPS for _, most in bands)  # type: ignore[misc]


def _typed(value: Mapping[str, Any]) -> list[Any] | None:
    code = _TYPES.get(str(value.get("dtype")))
    if code is None:
        return None
    try:
        data = base64.b64decode(value["bdata"])
        return list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))
    except (ValueError, TypeError, struct.error):
        return None
