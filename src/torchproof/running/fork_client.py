"""The worker's end of the fork server: start it, ask it from several threads, and end it."""

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
"""Seconds that a reply may be late: a busy machine takes longer than the limit of a subject."""
_CLOSING = 5.0
"""Seconds that a fork server gets to end by itself."""


class WorkerError(RuntimeError):
    """No subject can run: torch is missing or outside the range, or the fork server died."""


class ForkServer:
    """A fork server that starts with the first request, and again when it has died.

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
        """Process id of the server, while there is one."""
        return self._process.pid if self._process else None

    def ask(self, request: Request, *, limit: float) -> Reply:
        """Return the reply to a request, which may take `limit` seconds.

        Raises WorkerError if the server cannot start, dies, or writes what is no reply.
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
            # When it dies, now or later, the thread that reads from it says so.
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
        """End the server and whatever it still runs."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
            # Nothing but the server holds its pipe; if something does, leave the thread to it.
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
        # One table of pending requests for each process: a restart does not fail what was sent to
        # the new one.
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
                # Whoever asks from now on gets a new one.
                _end(process)
                lost = list(waiting.values())
            for future in lost:
                future.set_exception(WorkerError(f"{why}; run again"))


class _Deadline(threading.Timer):
    """Kill a process after some time, unless cancelled before."""

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
    # What could not be written to a dead process is still in the buffer.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_CLOSING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
