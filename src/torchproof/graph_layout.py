"""Layered layout of a directed acyclic graph, in which no line crosses a box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torchproof.graph_layers import Layers, Line, Place, arrange

Point = tuple[float, float]

BOX_GAP = 18.0
TRACK_GAP = 12.0
LAYER_GAP = 28.0
_PORT_GAP = 14.0
_ROUNDS = 8


@dataclass(frozen=True)
class Box:
    """A placed node: left, top, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where the boxes lie, and where the lines run."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    paths: tuple[tuple[Point, ...], ...]
    """One path a line. Its first, third, fifth... step is vertical, between the boxes of a layer;
    the others bridge the space between two layers, where no box is."""


def lay_out(
    sizes: Mapping[str, tuple[float, float]], lines: Sequence[Line], *, width: float = 700
) -> Layout:
    """Place the nodes from top to bottom, in layers that hold no more than `width` of boxes.

    `sizes` are the width and height of each node. The graph has no cycle.
    """
    layers = arrange({key: size[0] + BOX_GAP for key, size in sizes.items()}, lines, limit=width)
    half = defaultdict(float, {key: size[0] / 2 for key, size in sizes.items()})
    centre = _centres(layers, half)
    boxes: dict[str, Box] = {}
    bands: dict[Place, tuple[float, float]] = {}
    top = bottom = 0.0
    for row, following in zip(layers.rows, [*layers.rows[1:], []], strict=True):
        bottom = top + max(sizes[place][1] for place in row if isinstance(place, str))
        for place in row:
            bands[place] = (top, bottom)
            if isinstance(place, str):
                boxes[place] = Box(centre[place] - half[place], top, *sizes[place])
        # A flat curve is hard to follow: far steps get more height.
        steps = [abs(centre[p] - centre[q]) for q in following for p in layers.above[q]]
        top = bottom + LAYER_GAP + min(LAYER_GAP, 0.06 * max(steps, default=0))
    right = max((centre[place] + half[place] for row in layers.rows for place in row), default=0)
    return Layout(right, bottom, boxes, _paths(layers, centre, boxes, bands))


def _centres(layers: Layers, half: Mapping[Place, float]) -> dict[Place, float]:
    """Find a centre for each place, as near to those of its neighbours as the others allow."""
    centre: dict[Place, float] = {place: 0.0 for row in layers.rows for place in row}
    for turn in range(2 * _ROUNDS + 1):
        downwards = turn % 2 == 0
        neighbours = layers.above if downwards else layers.below
        for row in layers.rows if downwards else reversed(layers.rows):
            wanted, weights = [], []
            for place in row:
                pulls = [(centre[n], _pull(place, n)) for n in neighbours[place]]
                pulls = pulls or [(centre[place], 0.1)]
                weights.append(sum(pull for _, pull in pulls))
                wanted.append(sum(x * pull for x, pull in pulls) / weights[-1])
            gaps = [
                half[a] + half[b] + (BOX_GAP if half[a] or half[b] else TRACK_GAP)
                for a, b in zip(row, row[1:], strict=False)
            ]
            centre.update(zip(row, _spread(wanted, weights, gaps), strict=True))
    left = min((centre[place] - half[place] for place in centre), default=0)
    return {place: round(x - left, 1) for place, x in centre.items()}


def _pull(one: Place, other: Place) -> float:
    """Weigh a link: tracks shall be straight."""
    return (1.0, 2.0, 8.0)[(not isinstance(one, str)) + (not isinstance(other, str))]


def _spread(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """Return the nearest values to the wanted ones, by weighted squares, that keep the gaps.

    Without the sum of the gaps before it, a value may not be smaller than the one before: that is
    isotonic regression, solved by pooling neighbours that are in the wrong order.
    """
    shift = [0.0]
    for gap in gaps:
        shift.append(shift[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # value, weight, members
    for value, weight, before in zip(wanted, weights, shift, strict=True):
        pool = (value - before, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            other = pools.pop()
            total = other[1] + pool[1]
            mean = (other[0] * other[1] + pool[0] * pool[1]) / total
            pool = (mean, total, other[2] + pool[2])
        pools.append(pool)
    values = [value for value, _, members in pools for _ in range(members)]
    return [value + before for value, before in zip(values, shift, strict=True)]


def _paths(
    layers: Layers,
    centre: Mapping[Place, float],
    boxes: Mapping[str, Box],
    bands: Mapping[Place, tuple[float, float]],
) -> tuple[tuple[Point, ...], ...]:
    """Lead each line from a port of its source, along its tracks, to a port of its target."""
    leaving: dict[Place, dict[tuple[float, int], None]] = defaultdict(dict)
    arriving: dict[Place, dict[tuple[float, int], None]] = defaultdict(dict)
    ends = []
    seen: dict[Place, int] = {}
    for index, chain in enumerate(layers.chains):
        # Lines that share a track share the port at its end.
        arrival = seen.setdefault(chain[-2], index) if len(chain) > 2 else index
        ends.append(((centre[chain[1]], index), (centre[chain[-2]], arrival)))
        leaving[chain[0]][ends[-1][0]] = None
        arriving[chain[-1]][ends[-1][1]] = None
    paths = []
    for chain, (start, end) in zip(layers.chains, ends, strict=True):
        source, target = boxes[str(chain[0])], boxes[str(chain[-1])]
        points = [(_port(source, leaving[chain[0]], start), source.y + source.height)]
        points.append((points[0][0], bands[chain[0]][1]))
        for place in chain[1:-1]:
            points += ((centre[place], edge) for edge in bands[place])
        points.append((_port(target, arriving[chain[-1]], end), target.y))
        paths.append(tuple(points))
    return tuple(paths)


def _port(box: Box, ports: Mapping[tuple[float, int], None], port: tuple[float, int]) -> float:
    step = min(_PORT_GAP, (box.width - _PORT_GAP) / len(ports))
    rank = sorted(ports).index(port) - (len(ports) - 1) / 2
    return round(box.x + box.width / 2 + rank * step, 1)
