"""Run a subject once more without our hooks, and compare: the engine's order and each gradient.

The order is the one that torch's profiler notes. So neither the hooks on nodes nor anomaly mode,
with which a replay is recorded, has a part in what it is compared with.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection
from typing import Any

from msgspec import Struct

from torchproof.finding.subjects import Example, Subject
from torchproof.replays.examples import Enough, run_examples
from torchproof.replays.recorder import Figure, Order, walk
from torchproof.replays.values import exact
from torchproof.replays.walking import LEAF, nodes_below
from torchproof.replays.watching import roots_of

_BACKWARD = 1
"""The scope that torch gives to the run of a node; see RecordScope in its sources."""

_INNER = "torchproof: a pass within a pass"


class Plain(Struct, frozen=True):
    """A pass as a run without our hooks has it."""

    number: int
    order: Order | None
    """None if the example runs a profiler of its own."""
    grads: dict[str, str]


def profile(
    subject: Subject, numbers: Collection[int], *, own: tuple[int, str] | None = None
) -> tuple[Plain, ...]:
    """Run a subject and return the passes of these numbers, counted from 0."""
    import torch

    found: list[Plain] = []
    count = depth = 0

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal count, depth
            number, count = count, count + 1
            if depth:  # a pass that a hook runs is none of the engine's steps of the outer one
                with torch.autograd.profiler.record_function(_INNER):
                    return real(*args, **kwargs)
            if number not in numbers:
                return real(*args, **kwargs)
            roots = roots_of(args[0] if args else kwargs.get("tensors", kwargs.get("outputs")))
            leaves = {k: n.variable for n, k in nodes_below(roots).items() if n.name() == LEAF}
            profiler: Any = torch.autograd.profiler.profile()
            started = False
            depth += 1
            try:
                try:
                    profiler.__enter__()
                    started = True
                except RuntimeError:  # the example runs a profiler
                    pass
                return real(*args, **kwargs)
            finally:
                depth -= 1
                if started:
                    profiler.__exit__(None, None, None)
                grads = {key: exact(leaf.grad) for key, leaf in leaves.items()}
                found.append(Plain(number, _order(profiler) if started else None, grads))

        return run

    def after(index: int, _: Example, namespace: dict[str, Any]) -> None:
        if own is not None and own[0] == index:
            walk(namespace[own[1]])
            raise Enough
        if own is None and len(found) == len(numbers):
            raise Enough

    torch.autograd.backward = watched(torch.autograd.backward)
    torch.autograd.grad = watched(torch.autograd.grad)
    with contextlib.suppress(Enough):
        run_examples(subject, before=lambda _: None, after=after)
    return tuple(found)


def difference(figure: Figure, plain: Plain | None) -> str:
    """Return how a replay differs from a run without hooks; empty if it does not."""
    if figure.walked is None:
        return ""
    if plain is None:
        return "a run without hooks does not come to the pass that its replay shows"
    if plain.grads != figure.grads:
        return "its replay left another .grad in a leaf than a run without hooks"
    if plain.order is not None and _ranked(plain.order) != _ranked(figure.order):
        return (
            "its replay ran the nodes in another order than the profiler saw: "
            f"{_ranked(figure.order)}, {_ranked(plain.order)}"
        )
    return ""


def _order(profiler: Any) -> Order:
    """Return the nodes that the engine itself ran, without those that ran inside of others.

    CopySlices runs the node of the operation that it stands for, and a checkpoint a whole pass.
    """
    events = [e for e in profiler.function_events if e.scope == _BACKWARD or e.name == _INNER]
    events.sort(key=lambda event: (event.time_range.start, -event.time_range.end))
    order: list[tuple[str, int]] = []
    end = -1.0
    for event in events:
        if event.time_range.start >= end:
            if event.name != _INNER:
                order.append((event.name, event.sequence_nr))
            end = event.time_range.end
    return tuple(order)


def _ranked(order: Order) -> list[tuple[str, int]]:
    """Return an order with sequence numbers counted from 0, and none for leaves."""
    ranks = {n: rank for rank, n in enumerate(sorted({n for _, n in order if n >= 0}))}
    return [(name, ranks.get(number, -1)) for name, number in order]
