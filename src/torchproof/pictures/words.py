"""Building blocks for descriptions of pictures: short, on one line, from the plotted data."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST = 8
"""Parts to list at most; a long list is tedious in a screen reader."""
LONGEST = 160
_NOTHING = 1e-12


def course(values: Sequence[float]) -> str:
    """Describe the first and last value of a line, and its range if that goes beyond them."""
    if not values:
        return "without points"
    if len(values) == 1:
        return f"at {number(values[0])}"
    first, last = number(values[0]), number(values[-1])
    low, high = min(values), max(values)
    ends = {values[0], values[-1]}
    beyond = "" if {low, high} <= ends else f", between {number(low)} and {number(high)}"
    return f"from {first} to {last}{beyond}"


def number(value: float) -> str:
    """Return a number with four significant digits; tiny ones as 0."""
    return f"{value:.4g}" if abs(value) > _NOTHING else "0"


def listed(parts: Sequence[str]) -> str:
    """Join the first MOST parts, and add the number of those left out."""
    shown = [part for part in parts if part]
    more = [f"{len(shown) - MOST} more"] if len(shown) > MOST else []
    return "; ".join([*shown[:MOST], *more])


def plain(text: str, *, longest: int = LONGEST) -> str:
    """Return text on one line, shortened, without HTML tags and TeX markup."""
    text = " ".join(re.sub(r"<[^>]*>|[$\\{}]", " ", text).split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " ..."
