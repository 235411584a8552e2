"""The words that pictures are described with: short, on one line, from the data that is drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST = 8
"""A picture may have more parts than anyone wants to hear read out."""
LONGEST = 160
_NOTHING = 1e-12


def course(values: Sequence[float]) -> str:
    """Return where a line begins and ends, and how far it goes in between."""
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
    """Return a number as one would say it."""
    return f"{value:.4g}" if abs(value) > _NOTHING else "0"


def listed(parts: Sequence[str]) -> str:
    """Return the first parts, and how many more there are."""
    shown = [part for part in parts if part]
    more = [f"{len(shown) - MOST} more"] if len(shown) > MOST else []
    return "; ".join([*shown[:MOST], *more])


def plain(text: str, *, longest: int = LONGEST) -> str:
    """Return text on one line, without tags and the dollars of formulas."""
    text = " ".join(re.sub(r"<[^>]*>|[$\\{}]", " ", text).split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " ..."
