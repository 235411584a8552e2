"""Keep a page open on each env that the clients of this process draw in; see `watcher`.

A page answers each `close` of the server with a `close` of its own. Ours is a slow one: its answer
comes when a window of that id is drawn again, which is the latest that a page could answer, and
takes the new window with it. So what a reader meets in one run of ten fails here each time.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from torchproof.visdom.routes import ask

WATCHER = "TORCHPROOF_WATCHER"
"""The variable of the environment that holds the address of a watcher."""
_DRAWING = ("events", "update", "win_data")
"""The routes that make a window."""
_PATIENCE = 60.0
_watches: dict[int, _Watch] = {}


def is_watched() -> bool:
    """Return whether there is a watcher, which opens the pages of the servers of this process."""
    return WATCHER in os.environ


@contextlib.contextmanager
def watched(port: int, url: str) -> Iterator[None]:
    """Keep a page of the server open on each env that a client draws in, if there is a watcher."""
    if not is_watched():
        yield
        return
    host, _, own = os.environ[WATCHER].partition(":")
    with socket.create_connection((host, int(own))) as line, line.makefile("rw") as words:
        _hook_client()
        _watches[port] = _Watch(url, words)
        try:
            yield
        finally:
            del _watches[port]


class WatchError(RuntimeError):
    """A page cannot be opened, or does not answer."""


class _Watch:
    def __init__(self, url: str, words: Any) -> None:
        self._url = url
        self._words = words
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._open: set[str] = set()
        self._closes: Counter[tuple[str, str]] = Counter()

    def around(self, call: Callable[[], Any], env: object, msg: dict[str, Any], route: str) -> Any:
        """Make a call of a client; before it returns, the pages have got what it changed."""
        # A forked copy has no page, and a page shows several envs if there is a plus in the name.
        if os.getpid() != self._pid or not isinstance(env, str) or "+" in env:
            return call()
        with self._lock:
            if not route.startswith("env/"):
                env = env.replace("/", "_")
            closing = []
            if route == "close" and env in self._open:
                closing = self._windows(env, msg.get("win"))
            answer = call()
            if env not in self._open:
                if env in ask(self._url, "env_state"):
                    self._tell("open", env=env)
                    self._open.add(env)
            elif closing:
                self._closes.update((env, win) for win in closing)
                wins = {win: self._closes[env, win] for win in closing}
                self._tell("closed", env=env, wins=wins)
            elif route in _DRAWING:
                self._answer(env, msg.get("win"))
            return answer

    def _windows(self, env: str, win: object) -> list[str]:
        """Return the windows that a call of `close` will close."""
        try:
            panes = ask(self._url, "win_data", win=None, eid=env)
        except urllib.error.HTTPError:  # it has been deleted
            return []
        return [win] if isinstance(win, str) else list(panes) if win is None else []

    def _answer(self, env: str, win: object) -> None:
        """Let the page answer to the `close` of a window, now that it is drawn again."""
        if not self._closes[env, str(win)] or not self._tell("answer", env=env, win=win):
            return
        deadline = time.monotonic() + _PATIENCE
        while ask(self._url, "win_exists", win=str(win), eid=env):
            if time.monotonic() > deadline:
                raise WatchError(f"the page of {self._url} did not close {win!r}")

    def _tell(self, command: str, **words: object) -> Any:
        self._words.write(json.dumps({"command": command, "url": self._url, **words}) + "\n")
        self._words.flush()
        said = json.loads(self._words.readline() or '{"error": "the watcher is gone"}')
        if "error" in said:
            raise WatchError(f"{command} {words}: {said['error']}")
        return said["answer"]


@functools.cache
def _hook_client() -> None:
    import visdom

    client: Any = visdom.Visdom
    original = client._send

    @functools.wraps(original)
    def send(self: Any, msg: Any, endpoint: str = "events", *args: Any, **kwargs: Any) -> Any:
        call = functools.partial(original, self, msg, endpoint, *args, **kwargs)
        watch = _watches.get(self.port)
        if watch is None or self.offline or not self.send:
            return call()
        env = self.env if msg.get("eid") is None else msg["eid"]
        return watch.around(call, env, msg, endpoint)

    client._send = send
