"""Layers of a directed acyclic graph: which node lies in which, and in what order.

The first three of Sugiyama's four steps; `graph_layout` does the fourth, coordinates.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from statistics import fmean

Line = tuple[str, str, int]
"""Source, target, channel. Long lines of one channel share their way to the target."""
Place = str | tuple[str, int, int]
"""A node, or where the track (target, channel) passes a layer."""

_SWEEPS = 12


@dataclass
class Layers:
    """Rows of places, from top to bottom, and what joins a row to the next."""

    rows: list[list[Place]]
    chains: list[list[Place]]
    """The places of each line: one a row, from its source to its target."""
    above: dict[Place, list[Place]] = field(default_factory=lambda: defaultdict(list))
    below: dict[Place, list[Place]] = field(default_factory=lambda: defaultdict(list))


def arrange(widths: Mapping[str, float], lines: Sequence[Line], *, limit: float) -> Layers:
    """Sort the nodes into rows not wider than `limit`, with few crossings between the rows."""
    layer_of = _assign(widths, lines, limit)
    # A dict for a row: its order is that of the first line that passes.
    rows: list[dict[Place, None]] = [{} for _ in range(max(layer_of.values(), default=-1) + 1)]
    layers = Layers([], [])
    for source, target, channel in lines:
        between = range(layer_of[source] + 1, layer_of[target])
        chain: list[Place] = [source, *((target, channel, layer) for layer in between), target]
        layers.chains.append(chain)
        for layer, place in enumerate(chain, layer_of[source]):
            rows[layer][place] = None
        for upper, lower in zip(chain, chain[1:], strict=False):
            layers.below[upper].append(lower)
            layers.above[lower].append(upper)
    for key, layer in layer_of.items():
        rows[layer][key] = None
    layers.rows = [list(row) for row in rows]
    _uncross(layers)
    return layers


def _assign(widths: Mapping[str, float], lines: Sequence[Line], limit: float) -> dict[str, int]:
    """Put each node below all that lead to it, in the first layer that has room for it."""
    sources: dict[str, list[str]] = {key: [] for key in widths}
    for source, target, _ in lines:
        sources[target].append(source)
    height = dict.fromkeys(widths, 0)
    for key in reversed(list(TopologicalSorter(sources).static_order())):
        for source in sources[key]:
            height[source] = max(height[source], height[key] + 1)
    rank = {key: index for index, key in enumerate(widths)}
    sorter = TopologicalSorter(sources)
    sorter.prepare()
    # Where room is short, what has the longest way below it goes first, and leaves go last.
    waiting: list[tuple[int, int, int, str]] = []
    used: dict[int, float] = defaultdict(float)
    layer_of: dict[str, int] = {}
    layer = -1
    while sorter:
        for key in sorter.get_ready():
            heappush(waiting, (layer + 1, -height[key], rank[key], key))
        layer, depth, order, key = heappop(waiting)
        if used[layer] and used[layer] + widths[key] > limit:
            heappush(waiting, (layer + 1, depth, order, key))
            continue
        used[layer] += widths[key]
        layer_of[key] = layer
        sorter.done(key)
    return layer_of


def _uncross(layers: Layers) -> None:
    """Sort each row by the mean place of its neighbours; keep the order that crosses least."""
    rows, below = layers.rows, layers.below
    at = {place: index for row in rows for index, place in enumerate(row)}
    best, fewest = [list(row) for row in rows], _crossings(rows, below, at)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        neighbours = layers.above if downwards else below
        for row in rows if downwards else reversed(rows):
            wanted = {p: fmean([at[n] for n in neighbours[p]] or [at[p]]) for p in row}
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
