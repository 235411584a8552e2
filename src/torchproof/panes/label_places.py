"""Place the numbers of a picture's labelled parts, so that none covers another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torchproof.panes.page_drawing import Box

APART = 0.047
"""Distance of two numbers in widths of the picture: 13.5 of 288 pixels, as on a small phone."""
BESIDE = 0.014
"""Distance of a number from a part that it stands beside: half of 20 of 730 pixels."""
Point = tuple[float, float]


def label_places(size: tuple[int, int], boxes: Sequence[Box]) -> list[Point]:
    """Return the centre of each number: at its box, in the picture, as far apart as `APART`.

    The first place that is free is taken; if none is, the one farthest from the other numbers.
    """
    apart = APART * size[0]
    taken: dict[int, Point] = {}
    # What is small has the least choice.
    for number in sorted(range(len(boxes)), key=lambda n: boxes[n][2] * boxes[n][3]):
        places = [_inside(place, size, apart / 2) for place in _around(boxes[number], size)]

        def room(place: Point) -> float:
            return min((math.dist(place, other) for other in taken.values()), default=math.inf)

        free = next((place for place in places if room(place) >= apart), None)
        taken[number] = free or max(places, key=room)
    return [taken[number] for number in range(len(boxes))]


def leader(place: Point, box: Box) -> tuple[float, float] | None:
    """Return top and height of the line to a part above or below a number, or None."""
    left, top, width, height = box
    if not left <= place[0] <= left + width:
        return None
    if place[1] > top + height:
        return (top + height, place[1] - top - height)
    return (place[1], top - place[1]) if place[1] < top else None


def _around(box: Box, size: tuple[int, int]) -> Iterator[Point]:
    left, top, width, height = box
    right, bottom, middle = left + width, top + height, left + width / 2
    apart, beside = APART * size[0], BESIDE * size[0]
    if height < apart:
        # A number would hide a button that it stands on. In the bar there is no room above one.
        near = [(middle, top - beside), (middle, bottom + beside)]
        yield from near if top > apart else reversed(near)
        yield from [(middle, bottom + beside + apart), (middle, top - beside - apart)]
        yield from [(left - beside, top + height / 2), (right + beside, top + height / 2)]
    # At the end of a window or dialog, as words begin at its top left.
    yield from [(right, bottom), (middle, bottom), (left, bottom), (right, top), (left, top)]
    yield from [(left, top + height / 2), (right, top + height / 2), (middle, top)]


def _inside(place: Point, size: tuple[int, int], margin: float) -> Point:
    x, y = (min(max(at, margin), length - margin) for at, length in zip(place, size, strict=True))
    return (x, y)
