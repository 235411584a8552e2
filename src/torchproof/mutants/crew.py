"""Run subjects with planted faults: each in a fork of this warm process, a few at a time.

This process has imported torch once and has run no operator of it. A fork plants the fault, runs
one subject with the code that proves the pages, and reports its outcome.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from torchproof.mutants.subject_process import NOTES, Run, become_subject
from torchproof.processes.orphans import become_subreaper, kill_group, kill_orphans


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    status: str
    """As of Outcome; `no-fault` if the fault could not be planted."""
    how: str = ""
    seconds: float = 0.0
    notes: bytes = b""

    @property
    def noticed(self) -> bool:
        """Whether the subject failed."""
        return self.status in {"failed", "timed-out", "crashed"}


Course = Generator[Run, Ran, None]
"""What is to run, one after the other; each run gets its end."""


@dataclass
class _Child:
    course: Course
    run: Run
    folder: Path
    reply: int
    deadline: float
    begin: float
    late: bool = False
    chunks: list[bytes] = field(default_factory=list)


class Crew:
    """Run courses, `jobs` subjects at a time."""

    def __init__(self, *, root: Path, jobs: int = 2) -> None:
        self._root = root
        self._jobs = jobs
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        become_subreaper()
        # Whoever called may have children of its own.
        path = Path(f"/proc/self/task/{os.getpid()}/children")
        self._foreign = {int(pid) for pid in path.read_text().split()} if path.exists() else set()

    def go(self, courses: Iterable[Course]) -> None:
        """Run all courses to their ends."""
        waiting = iter(courses)
        more = True
        try:
            while more or self._children:
                while more and len(self._children) < self._jobs:
                    course = next(waiting, None)
                    if course is None:
                        more = False
                    else:
                        self._advance(course, None)
                self._wait()
        finally:
            # What is killed here noticed nothing, so its course does not hear of it.
            for pid in list(self._children):
                self._stop(pid)
                self._end(pid)

    def _advance(self, course: Course, ran: Ran | None) -> None:
        try:
            run = next(course) if ran is None else course.send(ran)
        except StopIteration:
            return
        self._start(course, run)

    def _start(self, course: Course, run: Run) -> None:
        folder = Path(tempfile.mkdtemp(prefix="torchproof-mutant-"))
        (folder / NOTES).write_bytes(bytes(run.notes))
        (folder / "work").mkdir()
        reply, reply_end = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Python 3.12 also counts the threads of BLAS, which no child uses.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            become_subject(run, folder, self._root, reply_end)
        os.close(reply_end)
        os.set_blocking(reply, False)
        now = time.monotonic()
        self._children[pid] = _Child(course, run, folder, reply, now + run.limit, now)
        self._selector.register(reply, selectors.EVENT_READ, pid)

    def _wait(self) -> None:
        if not self._children:
            return
        deadline = min(c.deadline for c in self._children.values())
        for key, _ in self._selector.select(max(0.0, deadline - time.monotonic())):
            child = self._children[key.data]
            data = os.read(key.fd, 1 << 16)
            if data:
                child.chunks.append(data)
            else:
                # The reply ends with the subject's process, or a copy that it left behind.
                self._finish(key.data)
        for pid, child in list(self._children.items()):
            if child.deadline <= time.monotonic():
                child.late = True
                self._stop(pid)
                self._finish(pid)

    def _stop(self, pid: int) -> None:
        kill_group(pid)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)

    def _finish(self, pid: int) -> None:
        child, ran = self._end(pid)
        self._advance(child.course, ran)

    def _end(self, pid: int) -> tuple[_Child, Ran]:
        child = self._children.pop(pid)
        self._selector.unregister(child.reply)
        os.close(child.reply)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        # Its pid cannot be reused before it is reaped.
        kill_group(pid)
        _, status = os.waitpid(pid, 0)
        kill_orphans(known={*self._children, *self._foreign})
        self._reap_orphans()
        notes = (child.folder / NOTES).read_bytes()
        shutil.rmtree(child.folder, ignore_errors=True)
        seconds = time.monotonic() - child.begin
        return child, _ran(child, status, seconds=seconds, notes=notes)

    def _reap_orphans(self) -> None:
        path = Path(f"/proc/self/task/{os.getpid()}/children")
        with contextlib.suppress(OSError):
            for pid in map(int, path.read_text().split()):
                if pid not in self._children and pid not in self._foreign:
                    os.waitpid(pid, 0)


def _ran(child: _Child, status: int, *, seconds: float, notes: bytes) -> Ran:
    if child.late:
        return Ran("timed-out", f"took longer than {child.run.limit:.0f} s", seconds, notes)
    try:
        data = json.loads(b"".join(child.chunks))
    except ValueError:
        code = os.waitstatus_to_exitcode(status)
        return Ran("crashed", f"left with status {code}", seconds, notes)
    return Ran(data["status"], data["how"], seconds, notes)
