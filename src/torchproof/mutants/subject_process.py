"""The forked side of a crew: plant a fault, run one subject, and report its outcome."""

from __future__ import annotations

import json
import mmap
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from torchproof.finding.subjects import Subject
from torchproof.mutants import stand_ins
from torchproof.mutants.planting import NoFault
from torchproof.processes.orphans import become_subreaper, die_with_parent, end_copies
from torchproof.running.child import answer
from torchproof.running.messages import Ran as Reply
from torchproof.running.messages import RunSubject
from torchproof.running.outcome import Outcome

MEMORY = 4 << 30
"""Bytes that a subject may take beyond what this process has: a fault may allocate for ever."""
NOTES = "ran"
"""File in the folder of a run: a byte for each probe that ran; the first is for the stand-ins."""


@dataclass(frozen=True)
class Run:
    """One subject to run; `prepare` plants the fault in the fork, in the folder it is given."""

    subject: Subject
    limit: float
    prepare: Callable[[Path], None]
    notes: int = 1
    """Size of the file of notes in bytes."""


def become_subject(run: Run, folder: Path, root: Path, reply: int) -> NoReturn:
    """Run a subject with its fault in this fork, write its outcome to `reply`, and exit."""
    try:
        os.setsid()
        become_subreaper()
        die_with_parent()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        # High enough not to clash with descriptors that a subject opens and closes.
        end = os.dup2(reply, 200, inheritable=False)
        os.closerange(3, 200)
        os.closerange(201, 1024)
        os.chdir(folder / "work")
        if not run.subject.needs:
            # A browser reserves far more than it uses.
            _limit_memory()
        with end_copies():
            said = _outcome(run, folder, root)
        os.write(end, json.dumps(said).encode())
    finally:
        os._exit(0)


def _limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def _outcome(run: Run, folder: Path, root: Path) -> dict[str, Any]:
    stand_ins.install(open_notes(folder))
    try:
        run.prepare(folder)
    except NoFault as error:
        return {"status": "no-fault", "how": str(error)}
    try:
        answered = answer(RunSubject(run.subject, "cpu"), root, fork=True)
    except Exception as error:
        # The Visdom server did not start: the fault is planted, and no subject runs with it.
        return {"status": "crashed", "how": f"{type(error).__name__}: {error}"[:300]}
    assert isinstance(answered, Reply)
    return {"status": answered.outcome.status, "how": _how(answered.outcome)}


def _how(outcome: Outcome) -> str:
    if outcome.failures:
        failure = outcome.failures[0]
        last = failure.got.strip().rpartition("\n")[2]
        return f"line {failure.line}: {last}"[:160]
    return outcome.reason[:160]


def open_notes(folder: Path) -> mmap.mmap:
    """Return the bytes that a run notes; forks and servers of the subject share them."""
    with (folder / NOTES).open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)
