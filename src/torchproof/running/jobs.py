"""One subject on one device as plain data, to run in a thread, a process or on another machine.

`run_jobs` takes any `concurrent.futures.Executor`. A process that runs jobs needs this version of
torchproof but no checkout, since a script's job carries its source.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject
from torchproof.running.environment import Environment
from torchproof.running.outcome import Outcome
from torchproof.running.worker import Worker


@dataclass(frozen=True)
class Job:
    """A subject, the device to run it on, and the digest of the code to run it with."""

    subject: Subject
    device: str
    code: str


@dataclass(frozen=True)
class Report:
    """The outcome of a job, and the environment that it ran in."""

    outcome: Outcome
    environment: Environment


class ForeignCode(RuntimeError):
    """A process runs a different version of torchproof than the sender of its job."""


def run_jobs(
    jobs: Iterable[Job], *, executor: Executor, run: Callable[[Job], Report]
) -> Iterator[tuple[Job, Report]]:
    """Yield each job with its report as it completes; in another process, `run` is `run_job`."""
    futures = {executor.submit(run, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


def run_job(job: Job) -> Report:
    """Run a job with this process's worker, which later jobs reuse.

    Raises ForeignCode if this process runs a different version of torchproof.
    """
    if job.code != code_digest():
        raise ForeignCode(foreign_code(socket.gethostname()))
    worker, root = _kept_worker()
    subject = job.subject
    if subject.kind == "script":
        # Hosts at different commits may share this process.
        subject = replace(subject, file=f"{subject.digest}/{subject.file}")
        write_atomically(root / subject.file, subject.source)
    return Report(worker.run(subject, job.device), worker.environment(job.device))


def foreign_code(where: str) -> str:
    """Return the error message for a different version of torchproof at `where`."""
    return (
        f"{where} has another version of torchproof than this checkout ({code_digest()} here); "
        "check out the same commit there, install it and start the worker again"
    )


@functools.cache
def code_digest() -> str:
    """Return the digest of the Python source of this package."""
    folder = Path(__file__).parents[1]
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


def _kept_worker() -> tuple[Worker, Path]:
    with _LOCK:
        return _make_worker()


@functools.cache
def _make_worker() -> tuple[Worker, Path]:
    folder = tempfile.TemporaryDirectory(prefix="torchproof-jobs-")
    worker = Worker(root=Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(worker.close)
    return worker, Path(folder.name)


_LOCK = threading.Lock()
