"""Running subjects, each in a fresh process.

A fresh process for each subject is what keeps a page honest: global hooks, the default dtype, the
grad mode, thread counts and seeds leak within one. It is also what lets the others run on when one
subject hangs or crashes. See `fork_server` for how a fresh process costs milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torchproof.finding.marks import describe, skip_reason
from torchproof.finding.subjects import DEVICES, Subject
from torchproof.running.environment import Environment
from torchproof.running.outcome import Outcome
from torchproof.running.preloading import EXTRA, explain, preloads
from torchproof.running.probes import contradiction, probes
from torchproof.running.replies import ReplyError, late_start, parse_reply, why_not_ready
from torchproof.running.spawn import ask_new_interpreter

_START_LIMIT = 120.0
"""Seconds that a first answer may take: an import of torch from a cold disk."""
_GRACE = 60.0
"""Seconds that a reply may be late: a busy machine takes longer than the limit of a subject."""
_CLOSING = 5.0
"""Seconds that a warm parent gets to end by itself."""
FORKS = sys.platform == "linux"
"""Whether subjects run in forks unless told otherwise; nowhere else has that been tried."""
_QUIET = {
    # The subjects share few cores; pools of threads would fight over them, and a pool that
    # a parent had started would not survive the fork.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # By default torch forks to run addr2line; where there is none, its copy of the subject raises
    # an error and goes on, and the subject gets `ValueError: stoi`.
    "TORCH_SYMBOLIZE_MODE": "dladdr",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
}


class WorkerError(RuntimeError):
    """No subject can run: torch is missing or outside the range, or the warm parent died."""


class Worker:
    """A warm parent and the means to have it run subjects; use it in a `with` statement.

    `run` may be called from several threads. `patch` is a Python file that the warm parent runs
    before any subject, to try the pages on a changed torch. `fork=False` takes a new interpreter
    for each subject, as is the default elsewhere than on Linux.

    Raises WorkerError if torch cannot be imported or is outside the supported range.
    """

    def __init__(
        self,
        *,
        root: Path,
        subjects: Iterable[Subject] = (),
        patch: Path | None = None,
        fork: bool = FORKS,
        python: str = sys.executable,
    ) -> None:
        self._root = root
        self._python = python
        self._fork = fork
        self._patch = patch
        self._preload = preloads(subjects)
        self._lock = threading.Lock()
        self._tickets = 0
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._parent: subprocess.Popen[bytes] | None = None
        self._environments: dict[str, Environment] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the warm parent, while there is one."""
        return self._parent.pid if self._parent else None

    def run(self, subject: Subject, device: str) -> Outcome:
        """Run a subject on a device and wait for its outcome.

        What is marked for other releases of torch, or other Pythons, runs too, by itself: it must
        not hold.
        """
        where = self.environment("cpu")
        reason = skip_reason(subject, device, where)
        outcome = Outcome("skipped", reason) if reason else self._run(subject, device)
        if outcome.status == "passed" or reason == describe(subject.marks):
            for probe in probes(subject, where):
                if self._run(probe.subject, device).status == "passed":
                    return contradiction(probe, where)
        return outcome

    def _run(self, subject: Subject, device: str) -> Outcome:
        request = {"kind": "subject", "subject": subject.to_json(), "limit": subject.limit}
        if not self._fork:
            # An interpreter for this subject alone imports what this one needs.
            request["preload"] = preloads([subject])
        return Outcome.from_json(self._ask({**request, "device": device}))

    def environment(self, device: str) -> Environment:
        """Describe where subjects run on a device; it is asked once."""
        if device not in self._environments:
            self._environments[device] = Environment(**self._ask_plainly("environment", device))
        return self._environments[device]

    def devices(self) -> tuple[str, ...]:
        """Return the devices that are present, the CPU first."""
        return tuple(self._ask_plainly("devices", "cpu")["devices"])

    def chosen_devices(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the devices to run on; nothing or `all` means every one present.

        Raises ValueError for a device that is unknown, or absent; it names those present.
        """
        unknown = sorted(set(wanted) - {*DEVICES, "all"})
        if unknown:
            raise ValueError(
                f"unknown device {unknown[0]!r}; known are {', '.join(DEVICES)} and all"
            )
        if set(wanted) == {"cpu"}:
            # It is always there, and to ask for others would touch them.
            self.environment("cpu")
            return ("cpu",)
        present = self.devices()
        if not wanted or "all" in wanted:
            return present
        for device in wanted:
            if device not in present:
                raise ValueError(
                    f"no {device} device here; present: {', '.join(present)}. "
                    "Leave --device out to use what is there"
                )
        return tuple(dict.fromkeys(wanted))

    def close(self) -> None:
        """End the warm parent and whatever it still runs."""
        parent, self._parent = self._parent, None
        if parent is not None:
            _end(parent)
            # Nothing but the parent holds its pipe; if something does, leave the thread to it.
            self._reader.join(_CLOSING)

    def _ask_plainly(self, kind: str, device: str) -> dict[str, Any]:
        answer = self._ask({"kind": kind, "device": device, "limit": _START_LIMIT})
        if "status" in answer:
            raise WorkerError(f"cannot tell the {kind}: {answer['reason']}")
        return answer

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self._fork:
            return self._ask_new_interpreter(request)
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            if self._parent is None or self._parent.poll() is not None:
                self._start_parent()
            parent = self._parent
            assert parent is not None and parent.stdin is not None
            self._tickets += 1
            self._waiting[self._tickets] = future
            line = json.dumps({**request, "ticket": self._tickets}).encode() + b"\n"
            # When it dies, now or later, whoever reads from it says so.
            deadline = _Deadline(request["limit"] + _GRACE, parent)
            with contextlib.suppress(BrokenPipeError):
                parent.stdin.write(line)
                parent.stdin.flush()
        try:
            return future.result()
        finally:
            deadline.cancel()

    def _start_parent(self) -> None:
        if self._parent is not None:
            _end(self._parent)
        parent = subprocess.Popen(
            [self._python, "-m", "torchproof.running.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environ(),
        )
        assert parent.stdin is not None and parent.stdout is not None
        deadline = _Deadline(_START_LIMIT, parent)
        try:
            with contextlib.suppress(BrokenPipeError):
                parent.stdin.write(json.dumps(self._options()).encode() + b"\n")
                parent.stdin.flush()
            line = parent.stdout.readline()
        except BaseException:
            parent.kill()
            _end(parent)
            raise
        finally:
            deadline.cancel()
        why = late_start(_START_LIMIT) if deadline.killed else why_not_ready(line)
        if why:
            parent.kill()
            _end(parent)
            parent.stdout.close()
            raise WorkerError(explain(why))
        self._parent = parent
        # Each parent has its own: what a dead one leaves is not taken for what the next one runs.
        self._waiting = {}
        self._reader = threading.Thread(
            target=self._read, args=(parent, self._waiting), daemon=True
        )
        self._reader.start()

    def _read(
        self, parent: subprocess.Popen[bytes], waiting: dict[int, Future[dict[str, Any]]]
    ) -> None:
        assert parent.stdout is not None
        why = "the warm parent died"
        try:
            with parent.stdout as replies:
                for line in replies:
                    if not line.endswith(b"\n"):
                        break  # it died in the middle of a reply
                    reply = parse_reply(line)
                    with self._lock:
                        future = waiting.pop(reply["ticket"])
                    future.set_result(reply["result"])
        except (ReplyError, LookupError, TypeError) as error:
            why = f"the warm parent cannot be understood: {error}"
        finally:
            with self._lock:
                # Whoever asks from now on gets a new one.
                _end(parent)
                lost = list(waiting.values())
            for future in lost:
                future.set_exception(WorkerError(f"{why}; run again"))

    def _ask_new_interpreter(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = ask_new_interpreter(
            {**self._options(), **request},
            python=self._python,
            env=self._environ(),
            start_limit=_START_LIMIT,
        )
        if "error" in answer:
            raise WorkerError(explain(answer["error"]))
        return answer

    def _options(self) -> dict[str, Any]:
        return {
            "preload": self._preload,
            "extra": EXTRA if "torch" in self._preload else (),
            "patch": str(self._patch) if self._patch else "",
            "root": str(self._root),
        }

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **_QUIET}


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


def _end(parent: subprocess.Popen[bytes]) -> None:
    assert parent.stdin is not None
    # What could not be written to a dead process is still in the buffer.
    with contextlib.suppress(BrokenPipeError):
        parent.stdin.close()
    try:
        parent.wait(_CLOSING)
    except subprocess.TimeoutExpired:
        parent.kill()
        parent.wait()
