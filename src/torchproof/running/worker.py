"""Run each subject in a fresh process.

Within one process, global hooks, the default dtype, the grad mode, thread counts and seeds leak
from one subject to the next. A fresh process also keeps a hang or a crash from affecting other
subjects. `fork_server` makes a fresh process cost milliseconds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from torchproof.devices import DEVICES, KNOWN, SIMULATED
from torchproof.finding.marks import describe, skip_reason
from torchproof.finding.subjects import Subject
from torchproof.running.environment import Environment
from torchproof.running.fork_client import ForkServer, WorkerError
from torchproof.running.messages import (
    Described,
    DescribeDevice,
    Devices,
    ListDevices,
    Options,
    Ran,
    Refusal,
    Reply,
    Request,
    RunSubject,
)
from torchproof.running.outcome import Outcome
from torchproof.running.preloading import EXTRA, explain, preloads
from torchproof.running.probes import contradiction, probes
from torchproof.running.spawn import ask_new_interpreter

__all__ = ["FORKS", "Worker", "WorkerError"]

_START_LIMIT = 120.0
"""Seconds that the first reply may take, which includes importing torch from a cold disk."""
_BUILD_LIMIT = 600.0
"""Seconds that compiling the simulated accelerator may take on a busy machine."""
FORKS = sys.platform == "linux"
"""Whether subjects run in forks by default; forking has been tried on Linux only."""
_QUIET = {
    # Subjects share few cores, which thread pools would oversubscribe. A pool started in the fork
    # server would not survive the fork.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # By default torch forks to run addr2line. Where that is missing, the forked copy of the subject
    # raises an error and goes on, and the subject gets `ValueError: stoi`.
    "TORCH_SYMBOLIZE_MODE": "dladdr",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
}


class Worker:
    """Run subjects through a fork server; use it in a `with` statement.

    `run` may be called from several threads. `patch` is a Python file that runs before any
    subject, to try the pages on a modified torch. `fork=False` starts a new interpreter for each
    subject, which is the default except on Linux.

    Requests raise WorkerError if torch cannot be imported or is outside the supported range.
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
        self._patch = patch
        self._preload = preloads(subjects)
        self._env = {**os.environ, **_QUIET}
        self._server: ForkServer | None = None
        if fork:
            options = self._options(self._preload)
            self._server = ForkServer(
                options, python=python, env=self._env, start_limit=_START_LIMIT
            )
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
        """Process id of the fork server, or None if there is none."""
        return self._server.pid if self._server else None

    def run(self, subject: Subject, device: str) -> Outcome:
        """Run a subject on a device and return its outcome.

        Parts marked for other releases of torch or Python run too, separately; they must fail.
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
        reply = self._ask(RunSubject(subject, device), limit=subject.limit)
        assert isinstance(reply, Ran)
        return reply.outcome

    def environment(self, device: str) -> Environment:
        """Return the environment of a device, cached after the first request."""
        if device not in self._environments:
            limit = _BUILD_LIMIT if device == SIMULATED else _START_LIMIT
            reply = self._ask(DescribeDevice(device), limit=limit)
            if isinstance(reply, Refusal):
                raise WorkerError(reply.error)
            if not isinstance(reply, Described):
                raise WorkerError(f"cannot describe the environment: {_reason(reply)}")
            self._environments[device] = reply.environment
        return self._environments[device]

    def devices(self) -> tuple[str, ...]:
        """Return the available devices, the CPU first."""
        reply = self._ask(ListDevices(), limit=_START_LIMIT)
        if not isinstance(reply, Devices):
            raise WorkerError(f"cannot list the devices: {_reason(reply)}")
        return reply.names

    def chosen_devices(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the devices to run on; an empty `wanted` or `all` selects every available one.

        Raises ValueError for an unknown device, or for an unavailable one, and then lists those
        available. Raises WorkerError if the simulated accelerator cannot be compiled.
        """
        unknown = sorted(set(wanted) - {*DEVICES, "all"})
        if unknown:
            raise ValueError(f"unknown device {unknown[0]!r}; known are {KNOWN} and all")
        if set(wanted) <= {"cpu", SIMULATED} and wanted:
            # Listing the devices would touch the accelerator, and is not needed for these.
            for device in wanted:
                self.environment(device)
            return tuple(dict.fromkeys(wanted))
        present = self.devices()
        if not wanted or "all" in wanted:
            return present
        for device in wanted:
            if device == SIMULATED:
                self.environment(device)
            elif device not in present:
                raise ValueError(
                    f"no {device} device here; present: {', '.join(present)}. "
                    "Leave --device out to use what is there"
                )
        return tuple(dict.fromkeys(wanted))

    def close(self) -> None:
        """Shut down the fork server and kill the subjects that it still runs."""
        if self._server is not None:
            self._server.close()

    def _ask(self, request: Request, *, limit: float) -> Reply:
        if self._server is not None:
            return self._server.ask(request, limit=limit)
        # An interpreter for a single subject imports only the modules of that subject.
        own = preloads([request.subject]) if isinstance(request, RunSubject) else self._preload
        reply = ask_new_interpreter(
            request,
            self._options(own),
            limit=limit,
            start_limit=_START_LIMIT,
            python=self._python,
            env=self._env,
        )
        if isinstance(reply, Refusal):
            raise WorkerError(explain(reply.error))
        return reply

    def _options(self, preload: Sequence[str]) -> Options:
        return Options(
            preload=tuple(preload),
            extra=EXTRA if "torch" in preload else (),
            patch=str(self._patch) if self._patch else "",
            root=str(self._root),
        )


def _reason(reply: Reply) -> str:
    return reply.outcome.reason if isinstance(reply, Ran) else f"it replied {reply}"
