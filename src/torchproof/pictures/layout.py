"""Lay out a directed acyclic graph in layers, so that no line crosses a box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torchproof.pictures.layers import Layers, Line, Place, arrange

Point = tuple[float, float]
_Port = tuple[str, int]  # a box and a line

BOX_GAP = 18.0
TRACK_GAP = 12.0
LAYER_GAP = 26.0
_PORT_GAP = 14.0
_CHANNEL_GAP = 28.0  # room for a label
_PORT_PLAY = 9.0


@dataclass(frozen=True)
class Box:
    """A placed node: left, top, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The boxes and the paths of the lines."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    paths: tuple[tuple[Point, ...], ...]
    """One path per line, to its target or to the point where it joins another line to the same
    target. Odd segments are vertical, between the boxes of a layer; even ones cross the empty
    space between two layers."""


def lay_out(
    sizes: Mapping[str, tuple[float, float]], lines: Sequence[Line], *, width: float = 700
) -> Layout:
    """Place the nodes from top to bottom, in layers about `width` pixels wide at most.

    `sizes` holds the width and height of each node. The graph must be acyclic.
    """
    layers = arrange({key: size[0] + BOX_GAP for key, size in sizes.items()}, lines, limit=width)
    half: defaultdict[Place, float] = defaultdict(float)  # a track has no width
    half.update({key: size[0] / 2 for key, size in sizes.items()})
    centre = _centres(layers, half)
    boxes: dict[str, Box] = {}
    bands: dict[Place, tuple[float, float]] = {}
    top = bottom = 0.0
    for row, following in pairwise([*layers.rows, []]):
        bottom = top + max(sizes[place][1] for place in row if isinstance(place, str))
        for place in row:
            bands[place] = (top, bottom)
            if isinstance(place, str):
                boxes[place] = Box(centre[place] - half[place], top, *sizes[place])
        # A flat curve is hard to follow, so long steps get more height.
        steps = [abs(centre[p] - centre[q]) for q in following for p in layers.above[q]]
        top = float(round(bottom + LAYER_GAP + min(LAYER_GAP, 0.05 * max(steps, default=0))))
    right = max((centre[place] + half[place] for row in layers.rows for place in row), default=0)
    labelled = {line.target for line in lines if line.channel}
    return Layout(right, bottom, boxes, _paths(layers, centre, boxes, bands, labelled))


def _centres(layers: Layers, half: Mapping[Place, float]) -> dict[Place, float]:
    """Find a centre for each place, as close to its neighbours as the rest of the row allows."""
    centre: dict[Place, float] = {place: 0.0 for row in layers.rows for place in row}
    # Sweep down, up, and down again; the last sweep moves only the ends of lines.
    for downwards, stay in ((True, 0.01), (False, 0.01), (True, 1e9)):
        for row in layers.rows if downwards else reversed(layers.rows):
            wanted, weights = [], []
            for place in row:
                weight = stay if layers.below[place] else 0.01
                moment = centre[place] * weight
                for other in layers.above[place] if downwards else layers.below[place]:
                    pull = layers.pull[(other, place) if downwards else (place, other)]
                    moment += centre[other] * pull
                    weight += pull
                wanted.append(moment / weight)
                weights.append(weight)
            gaps = [
                half[a] + half[b] + (BOX_GAP if half[a] or half[b] else TRACK_GAP)
                for a, b in pairwise(row)
            ]
            centre.update(zip(row, _spread(wanted, weights, gaps), strict=True))
    left = min((centre[place] - half[place] for place in centre), default=0)
    return {place: float(round(x - left)) for place, x in centre.items()}


def _spread(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """Return the values closest to the wanted ones, by weighted least squares, that keep the gaps.

    Minus the sum of the gaps before it, no value may be smaller than the previous one. That is
    isotonic regression, solved by pooling adjacent violators.
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
    labelled: Container[str],
) -> tuple[tuple[Point, ...], ...]:
    """Route each line from a port of its source to a port of its target, or to another's track."""
    gaps = {key: _CHANNEL_GAP if key in labelled else _PORT_GAP for key in boxes}
    before: dict[_Port, float] = {}
    for index, chain in enumerate(layers.chains):
        if isinstance(chain[-1], str):
            before[chain[-1], index] = centre[chain[-2]]
    arriving = {port[1]: x for port, x in _ports(before, boxes, gaps, play=0).items()}
    after: dict[_Port, float] = {}
    for index, chain in enumerate(layers.chains):
        direct = len(chain) == 2 and index in arriving
        after[str(chain[0]), index] = arriving[index] if direct else centre[chain[1]]
    gaps = dict.fromkeys(boxes, _PORT_GAP)
    leaving = {port[1]: x for port, x in _ports(after, boxes, gaps, play=_PORT_PLAY).items()}
    paths = []
    for index, (source, *tracks) in enumerate(layers.chains):
        box = boxes[str(source)]
        points = [(leaving[index], box.y + box.height), (leaving[index], bands[source][1])]
        points += [(centre[place], edge) for place in tracks[:-1] for edge in bands[place]]
        points.append((arriving.get(index, centre[tracks[-1]]), bands[tracks[-1]][0]))
        paths.append(tuple(points))
    return tuple(paths)


def _ports(
    wanted: Mapping[_Port, float],
    boxes: Mapping[str, Box],
    gaps: Mapping[str, float],
    *,
    play: float,
) -> dict[_Port, float]:
    """Place the ports of each box side by side, ordered by the x that they lead to.

    They are centred on the box, but may be off by up to `play` to make lines straight.
    """
    ports: dict[_Port, float] = dict(wanted)
    by_box: dict[str, list[_Port]] = defaultdict(list)
    for port in sorted(wanted, key=wanted.__getitem__):
        by_box[port[0]].append(port)
    for key, row in by_box.items():
        box = boxes[key]
        gap = min(gaps[key], (box.width - _PORT_GAP) / len(row))
        spread = _spread([wanted[port] for port in row], [1.0] * len(row), [gap] * (len(row) - 1))
        first = box.x + box.width / 2 - gap * (len(row) - 1) / 2
        for index, (port, x) in enumerate(zip(row, spread, strict=True)):
            middle = first + gap * index
            ports[port] = float(round(min(max(x, middle - play), middle + play)))
    return ports
