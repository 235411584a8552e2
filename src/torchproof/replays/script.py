"""Record the replay of a loss of any script: run it up to its first backward pass from there."""

from __future__ import annotations

import contextlib
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from inspect import currentframe
from pathlib import Path
from typing import Any

from torchproof.finding.subjects import Picture
from torchproof.pictures.autograd_graph import record_graph
from torchproof.replays.kinds import Place, Replay
from torchproof.replays.recorder import Seen, figure_of, walk
from torchproof.replays.walking import nodes_below, saved_by
from torchproof.replays.watching import Pass, Watcher, roots_of

MOST = 300
"""Nodes of a graph that can still be followed."""


class NoReplayError(ValueError):
    """A script has no loss that can be replayed; the message says why and what to do."""

    # Readers import it, and tracebacks show it, under this name.
    __module__ = "torchproof.replay"


class _Done(BaseException):
    """The pass has been recorded; the rest of the script need not run."""


class _Script:
    """A script that runs, and what is seen of it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self.watcher = Watcher(str(path))
        self.watcher.begins, self.watcher.ends = self.begins, self.ends
        self.seen: Seen | None = None
        self.refused = ""
        self.own = False

    def begins(self, given: Any) -> None:
        tensors = given if isinstance(given, list | tuple) else (given,)
        names = self._names(tensors)
        if names is not None and not self.own:
            self.look(names)

    def ends(self, _: Pass) -> None:
        if self.seen is not None:
            raise _Done

    def look(self, names: Mapping[str, Any]) -> None:
        """Note the graph of the loss, before a pass frees what it saved."""
        root = names[self.name]
        nodes = nodes_below(roots_of(root))
        if len(nodes) > MOST:
            self.refused = (
                f"`{self.name}` has {len(nodes)} nodes, and a replay shows {MOST} at most: take a "
                "smaller model or batch, or name a tensor on the way to it"
            )
            raise _Done
        graph = record_graph(root, names={self.name: root, **names})
        saved = {} if self.watcher.unpacks else {node: saved_by(node) for node in nodes}
        self.seen = Seen(0, Picture("graph", self.name), graph, nodes, saved)

    def _names(self, tensors: Sequence[Any]) -> dict[str, Any] | None:
        """Return the variables where one of the tensors has the name of the loss."""
        frame = currentframe()
        while frame is not None:
            value = frame.f_locals.get(self.name)
            if value is not None and any(value is tensor for tensor in tensors):
                inner = {k: v for k, v in frame.f_locals.items() if not k.startswith("_")}
                return {**frame.f_globals, **inner}
            frame = frame.f_back
        return None

    def place(self, line: int) -> Place | None:
        if not 0 < line <= len(self.lines):
            return None
        return Place(0, line - 1, self.lines[line - 1].strip())


def replay_script(path: Path, name: str, *, arguments: Sequence[str] = ()) -> tuple[Replay, str]:
    """Run a script up to its first backward pass from the variable `name`.

    Return the replay and the text of the script. If the script runs no such pass, one is run at
    its end, with ones as its gradient. Raises NoReplayError if there is nothing to replay; errors
    of the script itself are not caught.
    """
    script = _Script(path.resolve(), name)
    with _as_main(script.path, arguments), script.watcher.watching():
        try:
            namespace = runpy.run_path(str(script.path), run_name="__main__")
            _walk_at_the_end(script, namespace)
        except _Done:
            pass
    if script.seen is None:
        raise NoReplayError(f"{path}: {script.refused}")
    figure = figure_of(
        script.seen,
        script.watcher.passes,
        own=script.own,
        place=script.place,
        file=str(script.path),
    )
    return figure.replay, "\n".join(script.lines)


def _walk_at_the_end(script: _Script, namespace: dict[str, Any]) -> None:
    from torch import Tensor

    value = namespace.get(script.name)
    if not isinstance(value, Tensor):
        found = "no variable" if script.name not in namespace else "no tensor"
        script.refused = (
            f"the script runs no backward pass from a variable `{script.name}`, and leaves {found} "
            "of that name: give the name of your loss with --loss"
        )
    elif value.grad_fn is None:
        script.refused = (
            f"`{script.name}` has no graph: no input of its computation requires grad, or it was "
            "computed under torch.no_grad()"
        )
    else:
        script.look(namespace)
        script.own = True
        walk(value)


@contextlib.contextmanager
def _as_main(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    before = sys.argv, sys.path[:]
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.parent))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before
