"""The client of the fork server: start it, send requests from several threads, shut it down."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future

import msgspec

from torchproof.running.messages import (
    ForkReply,
    ForkRequest,
    MessageError,
    Options,
    Reply,
    Request,
    decode,
    encode,
    late_start,
    why_not_ready,
)
from torchproof.running.preloading import explain

_GRACE = 60.0
"""Seconds that a reply may come after the subject's time limit, since the machine may be busy."""
_CLOSING = 5.0
"""Seconds that a fork server has to exit before it is killed."""


class WorkerError(RuntimeError):
    """No subject can run: torch is missing or outside the range, or the fork server died."""


class ForkServer:
    """A fork server that starts on the first request and restarts after it has died.

    `ask` may be called from several threads.
    """

    def __init__(
        self, options: Options, *, python: str, env: Mapping[str, str], start_limit: float
    ) -> None:
        self._options = options
        self._python = python
        self._env = env
        self._start_limit = start_limit
        self._lock = threading.Lock()
        self._tickets = 0
        self._waiting: dict[int, Future[msgspec.Raw]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the server; None before its start and after `close`."""
        return self._process.pid if self._process else None

    def ask(self, request: Request, *, limit: float) -> Reply:
        """Send a request and return its reply; the request may take `limit` seconds.

        Raises WorkerError if the server cannot start, dies, or sends something that is not a reply.
        """
        future: Future[msgspec.Raw] = Future()
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            process = self._process
            assert process is not None and process.stdin is not None
            self._tickets += 1
            self._waiting[self._tickets] = future
            raw = msgspec.Raw(msgspec.json.encode(request))
            # If the server dies, now or later, the reader thread fails the future.
            deadline = _Deadline(limit + _GRACE, process)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(encode(ForkRequest(self._tickets, limit, raw)))
                process.stdin.flush()
        try:
            reply: Reply = decode(bytes(future.result()) + b"\n", Reply)
        except MessageError as error:
            raise WorkerError(f"the fork server cannot be understood: {error}") from None
        finally:
            deadline.cancel()
        return reply

    def close(self) -> None:
        """Shut down the server and kill the subjects that it still runs."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
            # Only the server should hold its pipe; if another process does, abandon the reader.
            self._reader.join(_CLOSING)

    def _start(self) -> None:
        if self._process is not None:
            _end(self._process)
        process = subprocess.Popen(
            [self._python, "-m", "torchproof.running.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._env,
        )
        assert process.stdin is not None and process.stdout is not None
        deadline = _Deadline(self._start_limit, process)
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(encode(self._options))
                process.stdin.flush()
            line = process.stdout.readline()
        except BaseException:
            process.kill()
            _end(process)
            raise
        finally:
            deadline.cancel()
        why = late_start(self._start_limit) if deadline.killed else why_not_ready(line)
        if why:
            process.kill()
            _end(process)
            process.stdout.close()
            raise WorkerError(explain(why))
        self._process = process
        # One table of pending requests per process, so that a restart does not fail requests sent
        # to the new one.
        self._waiting = {}
        self._reader = threading.Thread(
            target=self._read, args=(process, self._waiting), daemon=True
        )
        self._reader.start()

    def _read(
        self, process: subprocess.Popen[bytes], waiting: dict[int, Future[msgspec.Raw]]
    ) -> None:
        assert process.stdout is not None
        why = "the fork server died"
        try:
            with process.stdout as replies:
                for line in replies:
                    if not line.endswith(b"\n"):
                        break  # it died in the middle of a reply
                    answer = decode(line, ForkReply)
                    with self._lock:
                        future = waiting.pop(answer.ticket)
                    future.set_result(answer.reply.copy())
        except (MessageError, LookupError) as error:
            why = f"the fork server cannot be understood: {error}"
        finally:
            with self._lock:
                # The next request starts a new server.
                _end(process)
                lost = list(waiting.values())
            for future in lost:
                future.set_exception(WorkerError(f"{why}; run again"))


class _Deadline(threading.Timer):
    """Kill a process after a number of seconds, unless cancelled first."""

    def __init__(self, seconds: float, process: subprocess.Popen[bytes]) -> None:
        super().__init__(seconds, self._kill)
        self.daemon = True
        self._process = process
        self.killed = False
        self.start()

    def _kill(self) -> None:
        self.killed = True
        self._process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    # Data that a dead process did not read is still in the buffer.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_CLOSING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
