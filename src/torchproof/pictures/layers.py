"""Assign the nodes of a directed acyclic graph to layers, and order each layer.

These are the first three of Sugiyama's four steps; `layout` does the fourth, coordinates.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import count, pairwise
from math import ceil
from typing import NamedTuple

Place = str | tuple[str, int, int]
"""A node, or a dummy node: where the track (target, channel) crosses a layer."""

_SWEEPS = 12


class Line(NamedTuple):
    """An edge to draw."""

    source: str
    target: str
    channel: int = 0
    """Long lines of one channel share a track to the target."""
    weight: float = 1.0
    """Priority of drawing this line straight."""


@dataclass
class Layers:
    """Rows of places from top to bottom, and the links from each row to the next."""

    rows: list[list[Place]]
    chains: list[list[Place]]
    """The places of each line, one per row, from its source to its target or to a shared track."""
    above: dict[Place, list[Place]] = field(default_factory=lambda: defaultdict(list))
    below: dict[Place, list[Place]] = field(default_factory=lambda: defaultdict(list))
    pull: dict[tuple[Place, Place], float] = field(default_factory=dict)
    """Weight of aligning an upper and a lower place in one column."""


def arrange(widths: Mapping[str, float], lines: Sequence[Line], *, limit: float) -> Layers:
    """Sort the nodes into rows not much wider than `limit`, with few crossings between the rows."""
    height = _heights(widths, lines)
    layer_of = _assign(widths, lines, height, limit)
    # Each row is a dict, ordered by the first line that passes a place.
    rows: list[dict[Place, None]] = [{} for _ in range(max(layer_of.values(), default=-1) + 1)]
    layers = Layers([], [[] for _ in lines])
    # Start at the top, so that later lines find complete tracks to join.
    for index in sorted(range(len(lines)), key=lambda index: layer_of[lines[index].source]):
        source, target, channel, weight = lines[index]
        chain = layers.chains[index]
        rows[layer_of[source]][source] = None
        chain.append(source)
        for layer in range(layer_of[source] + 1, layer_of[target]):
            track = (target, channel, layer)
            chain.append(track)
            if track in rows[layer]:
                break
            rows[layer][track] = None
        else:
            chain.append(target)
            rows[layer_of[target]][target] = None
        # The longest path down is the spine of the picture.
        spine = len(chain) == 2 and chain[-1] == target and height[source] == height[target] + 1
        pull = weight * (1e4 if spine else 1)
        for upper, lower in pairwise(chain):
            layers.below[upper].append(lower)
            layers.above[lower].append(upper)
            both_tracks = isinstance(upper, tuple) and isinstance(lower, tuple)
            layers.pull[upper, lower] = 1e4 if both_tracks else pull
    for key, layer in layer_of.items():
        rows[layer][key] = None
    layers.rows = [list(row) for row in rows]
    _uncross(layers)
    return layers


def _heights(keys: Iterable[str], lines: Iterable[Line]) -> dict[str, int]:
    """Return the length of the longest path down from each node."""
    sources = _sources(keys, lines)
    height = dict.fromkeys(sources, 0)
    for key in reversed(list(TopologicalSorter(sources).static_order())):
        for source in sources[key]:
            height[source] = max(height[source], height[key] + 1)
    return height


def _sources(keys: Iterable[str], lines: Iterable[Line]) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {key: [] for key in keys}
    for line in lines:
        sources[line.target].append(line.source)
    return sources


def _assign(
    widths: Mapping[str, float],
    lines: Iterable[Line],
    height: Mapping[str, int],
    limit: float,
) -> dict[str, int]:
    """Put each node below all its predecessors, in the first layer with room for it."""
    rank = {key: index for index, key in enumerate(widths)}
    sorter = TopologicalSorter(_sources(widths, lines))
    sorter.prepare()
    waiting: list[str] = []
    layer_of: dict[str, int] = {}
    for layer in count():
        if not sorter:
            break
        waiting = sorted([*waiting, *sorter.get_ready()], key=rank.__getitem__)
        total = sum(widths[key] for key in waiting)
        turns = ceil(total / limit)
        # Short of room, nodes with the longest path below go first; among equals every second or
        # third, so that lines to the others pass between them.
        urgency = {key: (-height[key], index % turns) for index, key in enumerate(waiting)}
        used = 0.0
        for key in sorted(waiting, key=urgency.__getitem__):
            if used and used + widths[key] / 2 > total / turns:
                break
            used += widths[key]
            layer_of[key] = layer
            sorter.done(key)
        waiting = [key for key in waiting if key not in layer_of]
    return layer_of


def _uncross(layers: Layers) -> None:
    """Sort rows by the mean position of the neighbours; keep the order with fewest crossings."""
    rows, below = layers.rows, layers.below
    at = {place: index for row in rows for index, place in enumerate(row)}
    best, fewest = [list(row) for row in rows], _crossings(rows, below, at)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        neighbours = layers.above if downwards else below
        for row in rows if downwards else reversed(rows):
            wanted = {}
            for place in row:
                indices = [at[neighbour] for neighbour in neighbours[place]] or [at[place]]
                wanted[place] = sum(indices) / len(indices)
            row.sort(key=wanted.__getitem__)
            at.update({place: index for index, place in enumerate(row)})
        crossings = _crossings(rows, below, at)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    layers.rows = best


def _crossings(
    rows: Sequence[Sequence[Place]],
    below: Mapping[Place, Sequence[Place]],
    at: Mapping[Place, int],
) -> int:
    total = 0
    for row in rows:
        passed: list[int] = []
        for place in row:
            ends = [at[lower] for lower in below[place]]
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total
