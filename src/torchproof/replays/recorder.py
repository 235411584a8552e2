"""Record the replays of a subject's graphs in this process, which must be a fresh one."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from torchproof.finding.subjects import Example, Picture, Subject
from torchproof.pictures.autograd_graph import record_graph
from torchproof.pictures.kinds import Graph
from torchproof.replays.examples import Enough, examples_of, place_of, run_examples
from torchproof.replays.kinds import (
    Calls,
    Ends,
    Made,
    Place,
    Records,
    Refused,
    Replay,
    Runs,
    Saved,
    Starts,
    Step,
    TraceReplay,
)
from torchproof.replays.tracing import AppendWatcher
from torchproof.replays.walking import LEAF, SAVED, lines_of, nodes_below, saved_by
from torchproof.replays.watching import Called, Pass, Ran, Watcher

Order = tuple[tuple[str, int], ...]
"""Names and sequence numbers of the nodes that a pass ran."""

_NO_SEQUENCE = 1 << 63
"""What stands for a gradient accumulator, and for a node that always fails, is above this."""


class Figure(Struct, frozen=True):
    """A replay, and what it is compared with."""

    replay: Replay
    walked: int | None
    """Number of the pass that it shows, None if there is none."""
    own: bool
    order: Order
    grads: dict[str, str]
    """The `.grad` of each leaf of the pass with all digits."""


class Watched(Struct, frozen=True):
    """What one run of a subject showed."""

    figures: tuple[Figure, ...] = ()
    traces: tuple[TraceReplay, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass
class Seen:
    """A figure of an example that has run."""

    example: int
    picture: Picture
    graph: Graph
    nodes: dict[Any, str]
    saved: dict[Any, tuple[tuple[str, str], ...]]


def watch(subject: Subject, *, own: tuple[int, str] | None = None) -> Watched:
    """Run a subject and return the replays of its figures.

    `own` names a figure by example and variable whose backward pass the example does not run: it
    is run here, and only this figure is returned.
    """
    watcher, appends = Watcher(subject.file), AppendWatcher(subject.file)
    figures: list[Seen] = []
    traces: list[TraceReplay] = []
    refused: list[Refused] = []

    def before(index: int) -> None:
        watcher.example = index

    def after(index: int, example: Example, namespace: dict[str, Any]) -> None:
        for picture in example.pictures:
            wanted = own is None or own == (index, picture.name)
            try:
                if picture.kind == "trace" and own is None:
                    lines = namespace[picture.name]
                    shown = [
                        Made(place_of(line, subject, seen_from=index), function, given)
                        for line, function, given in appends.made(lines)
                    ]
                    traces.append(TraceReplay(index, picture.name, tuple(lines), tuple(shown)))
                elif picture.kind == "graph" and wanted:
                    figures.append(_seen(index, picture, namespace, watcher))
                    if own is not None:
                        walk(namespace[picture.name])
                        raise Enough
            except Enough:
                raise
            except Exception as error:
                refused.append(Refused(index, picture.name, f"{type(error).__name__}: {error}"))

    has_traces = any(p.kind == "trace" for e in examples_of(subject) for p in e.pictures)
    with watcher.watching(), appends.watching(on=has_traces):
        with contextlib.suppress(Enough):
            run_examples(subject, before=before, after=after)
        shown = [
            figure_of(
                seen,
                watcher.passes,
                own=own is not None,
                place=functools.partial(place_of, subject=subject, seen_from=seen.example),
                file=subject.file,
            )
            for seen in figures
            if _in_one_thread(seen)
        ]
    return Watched(tuple(shown), tuple(traces), tuple(refused))


def walk(root: Any) -> None:
    """Run a backward pass from a tensor, with ones as its gradient; errors are dropped."""
    import torch

    with contextlib.suppress(Exception):
        torch.autograd.backward(root, torch.ones_like(root))


def _seen(index: int, picture: Picture, namespace: dict[str, Any], watcher: Watcher) -> Seen:
    root = namespace[picture.name]
    names = {picture.name: root, **namespace}
    graph = record_graph(root, names=names, saved=picture.saved)
    nodes = nodes_below([root.grad_fn])
    drawn = {n.key for n in graph.nodes if n.kind in ("function", "leaf")}
    if drawn != set(nodes.values()):
        raise LookupError("the walk of the replay does not meet the nodes of the figure")
    saved = {} if watcher.unpacks else {node: saved_by(node) for node in nodes}
    return Seen(index, picture, graph, nodes, saved)


def figure_of(
    seen: Seen,
    passes: Iterable[Pass],
    *,
    own: bool,
    place: Callable[[int], Place | None],
    file: str,
) -> Figure:
    """Return the replay of a figure: the first of the passes that walks its root.

    `place` finds the place of a line in `file`, whose code recorded the graph.
    """
    passed = _pass_of(seen, passes)
    steps: list[Step] = [*_forward(seen, passed, place, file)]
    if passed is None:
        replay = Replay(seen.example, seen.picture.name, seen.graph, tuple(steps))
        return Figure(replay, None, own, (), {})
    steps.append(Starts(own, None if own else place(passed.line)))
    for event in passed.events:
        if isinstance(event, Called):
            steps.append(Calls(event.name, event.given, event.returned, place(event.line)))
        elif event.node in seen.nodes:
            steps.append(_runs(event, seen))
    grads = {key: passed.grads.get(node) for node, key in seen.nodes.items() if node.name() == LEAF}
    steps.append(Ends(tuple(grads.items()), passed.error))
    order = tuple((node.name(), _sequence(node)) for node in passed.ran)
    replay = Replay(seen.example, seen.picture.name, seen.graph, tuple(steps))
    return Figure(replay, passed.number, own, order, passed.exact)


def _in_one_thread(seen: Seen) -> bool:
    """Return whether one thread recorded all nodes.

    Each thread counts its nodes by itself; which of two nodes with one number runs first depends
    on the threads, and differs from run to run.
    """
    numbers = [number for node in seen.nodes if (number := _sequence(node)) >= 0]
    return len(set(numbers)) == len(numbers)


def _pass_of(seen: Seen, passes: Iterable[Pass]) -> Pass | None:
    """Return the first pass from the figure's example on that walks its root."""
    root = next(iter(seen.nodes))
    for this in passes:
        if this.example >= seen.example and (root in this.ran or root in this.roots):
            return this
    return None


def _runs(event: Ran, seen: Seen) -> Runs:
    ways = event.node.next_functions
    sent = tuple(
        (seen.nodes[following], text)
        for (following, _), text in zip(ways, event.sent, strict=False)
        if following in seen.nodes
    )
    key = seen.nodes[event.node]
    return Runs(key, event.received, sent, event.freed, event.grad, not event.done)


def _forward(
    seen: Seen, passed: Pass | None, place: Callable[[int], Place | None], file: str
) -> list[Records]:
    """Return a step for each line of the code, in the order in which they recorded nodes."""
    functions = [node for node in seen.nodes if node.name() != LEAF]
    functions.sort(key=_sequence)
    groups: list[tuple[tuple[int, ...], list[Any]]] = []
    for node in functions:
        lines = lines_of(node, file)
        if groups and groups[-1][0] == lines:
            groups[-1][1].append(node)
        else:
            groups.append((lines, [node]))
    shown: set[str] = set()
    steps = []
    for lines, nodes in groups:
        keys = tuple(seen.nodes[node] for node in nodes)
        appear = tuple(key for key in _with(keys, seen.graph) if key not in shown)
        shown.update(appear)
        saved = tuple(
            Saved(seen.nodes[node], tensors)
            for node in nodes
            if (tensors := _saved(node, seen, passed))
        )
        # The innermost line of the example: that of the operation itself.
        where = place(lines[-1]) if lines else None
        steps.append(Records(keys, appear, saved, where))
    return steps


def _saved(node: Any, seen: Seen, passed: Pass | None) -> tuple[tuple[str, str], ...]:
    drawn = {edge.target for edge in seen.graph.edges if edge.source == seen.nodes[node]}
    found = tuple(
        (n.label.removeprefix(SAVED), n.detail)
        for n in seen.graph.nodes
        if n.kind == "saved" and n.key in drawn
    )
    early = passed.saved.get(node, ()) if passed is not None else ()
    return found or early or seen.saved.get(node, ())


def _with(keys: tuple[str, ...], graph: Graph) -> list[str]:
    """Return keys with those of the leaves, the saved tensors and the cut inputs beside them."""
    beside = {n.key for n in graph.nodes if n.kind not in ("function", "root")}
    found = list(keys)
    for key in keys:
        found += [e.target for e in graph.edges if e.source == key and e.target in beside]
    if graph.edges[0].target in keys:
        found.append("n0")
    return list(dict.fromkeys(found))


def _sequence(node: Any) -> int:
    number: int = node._sequence_nr()
    return number if number < _NO_SEQUENCE else -1
