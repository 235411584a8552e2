"""Watch the backward passes of this process: nodes in the engine's order, gradients, user code.

A hook before each node sees that the engine begins it; a hook after it, registered only then so
that it is the last one, sees what the node received and what it sends on. The code that the
engine calls is seen by the interpreter's profile function.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import CO_VARARGS, currentframe
from types import CodeType, FrameType
from typing import Any

from torchproof.replays.kinds import Values
from torchproof.replays.values import exact, text_of
from torchproof.replays.walking import LEAF, is_freed, nodes_below, saved_by

_MOST_PASSES = 300
"""Passes of one subject that are watched; a numerical check runs hundreds."""
_MOST_NODES = 1000


@dataclass
class Ran:
    """A node that the engine ran."""

    node: Any
    done: bool = False
    """False if the pass failed in it."""
    received: Values = ()
    sent: Values = ()
    freed: bool = False
    grad: str | None = None


@dataclass
class Called:
    """A function of the example that the engine called."""

    name: str
    line: int
    given: Values
    returned: Values = ()


@dataclass
class Pass:
    """One call of `torch.autograd.backward` or `torch.autograd.grad`."""

    number: int
    roots: list[Any]
    keys: dict[Any, str]
    saved: dict[Any, tuple[tuple[str, str], ...]]
    example: int
    """Index of the example that runs it."""
    line: int
    """Line of the file that runs it; 0 if none of the file does."""
    events: list[Ran | Called] = field(default_factory=list)
    error: str = ""
    grads: dict[Any, str | None] = field(default_factory=dict)
    """The `.grad` of each leaf after the pass."""
    exact: dict[str, str] = field(default_factory=dict)
    """The same with all digits, by key."""

    @property
    def ran(self) -> list[Any]:
        """The nodes that ran, in order."""
        return [event.node for event in self.events if isinstance(event, Ran)]


class Watcher:
    """Watches all passes while its `watching` block runs."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.passes: list[Pass] = []
        self.example = 0
        self.unpacks = False
        """Whether a saved-tensor hook was ever active: reading what is saved would call it."""
        self.begins: Callable[[Any], None] = lambda _: None
        """Called before each pass, with its tensors."""
        self.ends: Callable[[Pass], None] = lambda _: None
        self.count = 0
        self._open: list[Pass] = []
        self._engine: set[CodeType] = set()
        self._calls: dict[FrameType, Called] = {}
        self._outer: Any = None
        """The profile function that was there before the pass."""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every pass that begins in this block, and note where nodes are recorded."""
        import torch
        import torch.autograd.graph

        hooks: Any = torch.autograd.graph.saved_tensors_hooks
        engine = torch.autograd.graph._engine_run_backward
        self._engine = {engine.__code__}
        before = torch.autograd.backward, torch.autograd.grad, hooks.__enter__

        def enter(instance: Any) -> Any:
            self.unpacks = True
            return before[2](instance)

        torch.autograd.backward = self._watched(before[0])
        torch.autograd.grad = self._watched(before[1])
        hooks.__enter__ = enter
        torch.autograd.set_detect_anomaly(True, check_nan=False)
        try:
            yield
        finally:
            torch.autograd.backward, torch.autograd.grad, hooks.__enter__ = before
            torch.autograd.set_detect_anomaly(False)

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def run(*args: Any, **kwargs: Any) -> Any:
            number, self.count = self.count, self.count + 1
            given = args[0] if args else kwargs.get("tensors", kwargs.get("outputs"))
            roots = roots_of(given)
            if self._open or number >= _MOST_PASSES or not roots:
                return real(*args, **kwargs)
            self.begins(given)
            keys = nodes_below(roots)
            if len(keys) > _MOST_NODES:
                return real(*args, **kwargs)
            saved = {} if self.unpacks else {node: saved_by(node) for node in keys}
            this = Pass(number, roots, keys, saved, self.example, self._line())
            self.passes.append(this)
            handles = [node.register_prehook(self._begin(this, node)) for node in keys]
            self._open.append(this)
            before = self._outer = sys.getprofile()
            sys.setprofile(self._profile)
            try:
                return real(*args, **kwargs)
            except BaseException as error:
                this.error = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                raise
            finally:
                sys.setprofile(before)
                self._open.pop()
                self._settle(this)
                for handle in handles:
                    handle.remove()
                for node, key in keys.items():
                    if node.name() == LEAF:
                        this.grads[node] = text_of(node.variable.grad)
                        this.exact[key] = exact(node.variable.grad)
                self.ends(this)

        return run

    def _line(self) -> int:
        frame = currentframe()
        while frame is not None and frame.f_code.co_filename != self.file:
            frame = frame.f_back
        return frame.f_lineno if frame is not None else 0

    def _begin(self, this: Pass, node: Any) -> Callable[[Any], None]:
        def begin(received: Any) -> None:
            self._settle(this)
            event = Ran(node, received=tuple(map(text_of, received)))
            this.events.append(event)

            def end(sent: Any, received: Any) -> None:
                handle.remove()
                event.done = True
                event.received = tuple(map(text_of, received))
                event.sent = tuple(map(text_of, sent))
                if node.name() == LEAF:
                    event.grad = text_of(node.variable.grad)

            handle = node.register_hook(end)

        return begin

    def _settle(self, this: Pass) -> None:
        """Note whether the node that ran last has let go of what it saved."""
        last = next((e for e in reversed(this.events) if isinstance(e, Ran)), None)
        if last is not None and last.done and not self.unpacks and not last.freed:
            last.freed = is_freed(last.node)

    def _profile(self, frame: FrameType, event: str, returned: Any) -> None:
        if self._outer is not None:
            self._outer(frame, event, returned)
        if event == "call":
            if frame.f_code.co_filename == self.file and self._called_by_engine(frame):
                called = Called(frame.f_code.co_name, frame.f_code.co_firstlineno, _given(frame))
                self._calls[frame] = called
                self._open[-1].events.append(called)
        elif event == "return" and (found := self._calls.pop(frame, None)) is not None:
            found.returned = _texts(returned)

    def _called_by_engine(self, frame: FrameType) -> bool:
        """Return whether no other code of the example is between a frame and the engine."""
        outer = frame.f_back
        while outer is not None and outer.f_code.co_filename != self.file:
            if outer.f_code in self._engine:
                return True
            outer = outer.f_back
        return False


def roots_of(given: Any) -> list[Any]:
    """Return the nodes of tensors or gradient edges."""
    from torch import Tensor

    several = isinstance(given, list | tuple) and not hasattr(given, "node")
    found = []
    for root in given if several else (given,):
        node = root.grad_fn if isinstance(root, Tensor) else getattr(root, "node", None)
        if node is not None:
            found.append(node)
    return found


def _given(frame: FrameType) -> Values:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
    values = (frame.f_locals.get(name) for name in code.co_varnames[:count])
    return tuple(text for value in values for text in _texts(value))


def _texts(value: Any) -> Values:
    """Return the tensors of an argument or a result as text; () if there is none."""
    from torch import Tensor

    items = value if isinstance(value, tuple) else (value,)
    return tuple(map(text_of, items)) if any(isinstance(i, Tensor) for i in items) else ()
