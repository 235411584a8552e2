"""Answer a request in a new interpreter, for platforms without fork.

This takes seconds where a fork takes milliseconds; the outcome is the same.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping

from torchproof.running.messages import (
    MessageError,
    Options,
    Ran,
    Refusal,
    Reply,
    Request,
    SpawnRequest,
    decode,
    late_start,
    why_not_ready,
    write,
)
from torchproof.running.outcome import (
    OUTPUT_KEPT,
    OUTPUT_LIMIT,
    ended_early,
    flooded,
    timed_out,
)


def ask_new_interpreter(
    request: Request,
    options: Options,
    *,
    limit: float,
    start_limit: float,
    python: str,
    env: Mapping[str, str],
) -> Reply:
    """Return the reply, or a Refusal if the interpreter did not become ready.

    `limit` counts from the moment the interpreter has imported the modules in `options`.
    """
    with tempfile.TemporaryDirectory(prefix="torchproof-", ignore_cleanup_errors=True) as folder:
        process = _Interpreter(python, env)
        try:
            process.ask(SpawnRequest(options, request, folder))
            if why := process.why_not_ready(start_limit):
                return Refusal(why)
            return process.reply(limit)
        finally:
            process.end()


class _Interpreter:
    def __init__(self, python: str, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "torchproof.running.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            # Ctrl-C must reach the caller only, which then kills the whole process group.
            start_new_session=True,
        )
        self._first: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reply = b""
        self._tail = b""
        self._flooded = False
        self._killing = threading.Lock()
        self._ended = threading.Event()
        readers = [threading.Thread(target=t, daemon=True) for t in (self._listen, self._drain)]
        for reader in readers:
            reader.start()
        self._waiter = threading.Thread(target=self._wait, args=(readers,), daemon=True)
        self._waiter.start()

    def ask(self, request: SpawnRequest) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            write(pipe.fileno(), request)

    def why_not_ready(self, limit: float) -> str:
        try:
            return why_not_ready(self._first.get(timeout=limit))
        except queue.Empty:
            return late_start(limit)

    def reply(self, limit: float) -> Reply:
        """Return the reply once the process exits, or one that gives the reason why it has none."""
        if not self._ended.wait(limit):
            return Ran(timed_out(limit))
        if self._flooded:
            return Ran(flooded())
        try:
            reply: Reply = decode(self._reply, Reply)
        except MessageError:
            return Ran(ended_early(self._process.returncode, self._tail))
        return reply

    def end(self) -> None:
        self._kill()
        self._waiter.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            self._first.put(pipe.readline())
            for line in pipe:
                self._reply += line

    def _drain(self) -> None:
        assert self._process.stderr is not None
        written = 0
        with self._process.stderr as pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                written += len(data)
                self._tail = (self._tail + data)[-OUTPUT_KEPT:]
                if written > OUTPUT_LIMIT and not self._flooded:
                    self._flooded = True
                    self._kill()

    def _wait(self, readers: list[threading.Thread]) -> None:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
            with self._killing:
                # Its pid cannot be reused before it is reaped.
                self._kill_group()
                self._process.wait()
        else:
            self._process.wait()
            self._kill_group()
        for reader in readers:
            # A process that left the subject's group may hold a pipe open.
            reader.join(1.0)
        self._first.put(b"")
        self._ended.set()

    def _kill(self) -> None:
        with self._killing:
            if self._process.returncode is None:
                self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
