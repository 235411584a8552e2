"""Walk autograd's nodes, and ask each where it was recorded and what it saved."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from torchproof.replays.values import shape_of

LEAF = "torch::autograd::AccumulateGrad"
SAVED = "_saved_"
"""Prefix of the attributes with what a node saved."""
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def nodes_below(roots: Iterable[Any]) -> dict[Any, str]:
    """Return the nodes from the roots to their leaves, breadth-first, each with its key.

    The keys are those of `pictures.autograd_graph` for one root.
    """
    keys = {root: f"n{index}" for index, root in enumerate(dict.fromkeys(roots), 1)}
    waiting = list(keys)
    for node in waiting:
        for following, _ in node.next_functions:
            if following is not None and following not in keys:
                keys[following] = f"n{len(keys) + 1}"
                waiting.append(following)
    return keys


def lines_of(node: Any, file: str) -> tuple[int, ...]:
    """Return the lines of a file that led to a node, the outermost first.

    torch notes the stack of each node that is recorded in anomaly mode.
    """
    frames = node.metadata.get("traceback_", [])
    found = (_FRAME.search(frame) for frame in frames)
    return tuple(int(match["line"]) for match in found if match and match["file"] == file)


def saved_by(node: Any) -> tuple[tuple[str, str], ...]:
    """Return names and shapes of the tensors that a node saved; this calls their unpack hooks."""
    from torch import Tensor

    found = []
    for attribute in _attributes(node):
        try:
            value = getattr(node, attribute)
        except RuntimeError:
            continue
        items = value if isinstance(value, tuple) else (value,)
        short = "" if attribute == "saved_tensors" else attribute.removeprefix(SAVED)
        for index, item in enumerate(items):
            if isinstance(item, Tensor):
                name = f"{short}[{index}]" if isinstance(value, tuple) else short
                found.append((name, shape_of(item)))
    return tuple(found)


def is_freed(node: Any) -> bool:
    """Return whether what a node saved is freed; this calls the unpack hooks of what is not."""
    for attribute in _attributes(node):
        try:
            getattr(node, attribute)
        except RuntimeError as error:
            return "already been freed" in str(error)
    return False


def _attributes(node: Any) -> list[str]:
    return [name for name in dir(node) if name.startswith(SAVED) or name == "saved_tensors"]
