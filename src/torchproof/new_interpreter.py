"""A request answered by a new interpreter: the way for platforms without fork.

It takes seconds where a fork takes milliseconds, and comes to the same outcome.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

from torchproof.outcome import (
    OUTPUT_KEPT,
    OUTPUT_LIMIT,
    Outcome,
    ended_early,
    flooded,
    timed_out,
)


def ask_new_interpreter(
    request: Mapping[str, Any], *, python: str, env: Mapping[str, str], start_limit: float
) -> dict[str, Any]:
    """Return the answer, or `{"error": why}` if the interpreter could not get ready for one.

    The limit in the request begins when the interpreter has imported what it should.
    """
    process = _Interpreter(python, env)
    process.ask(json.dumps(request).encode())
    try:
        first = process.line(start_limit)
        if "ready" not in first:
            return first if "error" in first else {"error": "it ended while it was starting"}
        answer = process.line(float(request["limit"]))
        return answer if answer and not process.flooded else process.early_end().to_json()
    except queue.Empty:
        return timed_out(request["limit"]).to_json()
    finally:
        process.end()


class _Interpreter:
    def __init__(self, python: str, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "torchproof.fresh_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            # A Ctrl-C is for the caller, who then ends the whole group.
            start_new_session=True,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._tail = b""
        self.flooded = False
        readers = [threading.Thread(target=t, daemon=True) for t in (self._listen, self._drain)]
        for reader in readers:
            reader.start()
        self._waiter = threading.Thread(target=self._wait, args=(readers,), daemon=True)
        self._waiter.start()

    def ask(self, request: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(request)

    def line(self, limit: float) -> dict[str, Any]:
        """Return the next line, empty if the process ended; queue.Empty if it is late."""
        line = self._lines.get(timeout=limit)
        with contextlib.suppress(ValueError):
            parsed: dict[str, Any] = json.loads(line)
            return parsed
        return {}

    def early_end(self) -> Outcome:
        if self.flooded:
            return flooded()
        return ended_early(self._process.wait(), self._tail)

    def end(self) -> None:
        self._kill()
        self._waiter.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            for line in pipe:
                self._lines.put(line)

    def _drain(self) -> None:
        assert self._process.stderr is not None
        written = 0
        with self._process.stderr as pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                written += len(data)
                self._tail = (self._tail + data)[-OUTPUT_KEPT:]
                if written > OUTPUT_LIMIT and not self.flooded:
                    self.flooded = True
                    self._kill()

    def _wait(self, readers: list[threading.Thread]) -> None:
        self._process.wait()
        self._kill()
        for reader in readers:
            # What a subject detached from its group may hold a pipe open.
            reader.join(1.0)
        self._lines.put(b"")

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
