"""Place the numbers of a picture's labelled parts, so that none covers another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torchproof.panes.page_drawing import Box

APART = 0.047
"""Distance of two numbers in widths of the picture: 13.5 of 288 pixels, as on a small phone."""
Point = tuple[float, float]


def label_places(size: tuple[int, int], boxes: Sequence[Box]) -> list[Point]:
    """Return the centre of each number: at its box, in the picture, as far apart as `APART`.

    The first of the corners and edges that is free is taken; if none is, the one farthest from the
    other numbers.
    """
    apart = APART * size[0]
    taken: list[Point] = []
    for box in boxes:
        places = [_inside(place, size, apart / 2) for place in _around(box, apart)]

        def room(place: Point) -> float:
            return min((math.dist(place, other) for other in taken), default=math.inf)

        free = next((place for place in places if room(place) >= apart), None)
        taken.append(free or max(places, key=room))
    return taken


def _around(box: Box, apart: float) -> Iterator[Point]:
    left, top, width, height = box
    right, bottom = left + width, top + height
    middle = left + width / 2
    yield from [(left, top), (right, top), (left, bottom), (right, bottom)]
    yield from [
        (middle, bottom),
        (middle, top),
        (left, top + height / 2),
        (right, top + height / 2),
    ]
    # Below or above a row of buttons, which are smaller than a number.
    yield from [(middle, bottom + apart / 2), (middle, top - apart / 2), (middle, bottom + apart)]


def _inside(place: Point, size: tuple[int, int], margin: float) -> Point:
    x, y = (min(max(at, margin), length - margin) for at, length in zip(place, size, strict=True))
    return (x, y)
