"""Prove a tree: get an outcome for each subject, from a record, the cache or a run.

Builds keep their outcomes in a cache folder. An outcome is current if it passed in the environment
of this machine, with the current digests of the subject and of the code that compares it, and if
the drawings that the subject requests are stored. All other subjects run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from torchproof.code_digest import code_of
from torchproof.files import write_atomically
from torchproof.finding.marks import pictures_on, skip_reason
from torchproof.finding.subjects import Found, Problem, Subject
from torchproof.records.record import (
    Record,
    RecordError,
    Verdict,
    could_not_run,
    read_record,
    records_and_problems,
    verdict_of,
    write_verdicts,
)
from torchproof.records.undecided import undecided_marks
from torchproof.running.environment import Environment, describe_environment
from torchproof.running.jobs import Job, code_digest, run_jobs
from torchproof.running.outcome import Drawing, Outcome, report
from torchproof.running.runners import LocalRunner
from torchproof.running.worker import Worker

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Proof:
    """The subjects of a tree with their records, drawings and problems."""

    found: Found
    records: Sequence[Record]
    """Committed records and the one of this build, sorted by environment."""
    drawings: Mapping[str, Sequence[Drawing]]
    """What was recorded for pictures, by subject id."""
    problems: tuple[Problem, ...]
    """Errors in the files, and each failed subject."""
    ran: tuple[str, ...] = field(default=())
    """Ids of the subjects that ran for this proof."""

    def verdicts(self, subject: Subject) -> dict[Environment, Verdict]:
        """Return the current verdicts of a subject, by environment."""
        pairs = ((record.environment, record.verdict(subject)) for record in self.records)
        return {environment: verdict for environment, verdict in pairs if verdict is not None}

    def holds(self, subject: Subject) -> bool:
        """Return True if any environment has a passing verdict for the current digest."""
        return any(verdict.status == "passed" for verdict in self.verdicts(subject).values())


def prove(
    found: Found,
    *,
    root: Path,
    verified: Path,
    cache: Path,
    jobs: int = 0,
    worker: Worker | None = None,
    announce: Announce = lambda _: None,
) -> Proof:
    """Return the proof of the subjects on the CPU; run those that have no current outcome.

    `verified` holds the committed records, `cache` the outcomes of builds. An interrupted run
    writes the outcomes it has, and the next run continues from there. Without a `worker` a new one
    is started if anything has to run.
    """
    environment = describe_environment("cpu")
    committed, unreadable = records_and_problems(verified)
    problems = [*found.problems, *(Problem(str(p), 1, m) for p, m in unreadable.items())]
    if committed:
        problems += undecided_marks(found, (record.environment for record in committed))
    seen = _with_cached(committed, cache, environment)
    store = DrawingStore(cache / "drawings")
    due = [subject for subject in found.subjects if not _current(subject, environment, seen, store)]
    outcomes: dict[str, Outcome] = {}
    if due:
        announce(f"running {len(due)} of {len(found.subjects)} subjects")
        try:
            jobs = jobs or os.cpu_count() or 1
            with nullcontext(worker) if worker else Worker(root=root, subjects=due) as ready:
                _run(due, ready, jobs, outcomes)
        finally:
            verdicts = {
                s.id: verdict_of(s, outcomes[s.id])
                for s in due
                if s.id in outcomes and not could_not_run(s, outcomes[s.id].status, environment)
            }
            for subject in due:
                if subject.id in outcomes and outcomes[subject.id].status == "passed":
                    store.write(subject, outcomes[subject.id].drawings)
            store.keep(found.subjects)
            known = [subject.id for subject in found.subjects]
            write_verdicts(cache / "outcomes", environment, verdicts, known=known)
    for subject in due:
        problems += _failures(subject, outcomes[subject.id])
    seen = _with_cached(committed, cache, environment)
    return Proof(
        found=found,
        records=seen,
        drawings={s.id: store.read(s) for s in found.subjects if _pictures(s)},
        problems=tuple(sorted(problems)),
        ran=tuple(subject.id for subject in due),
    )


class DrawingStore:
    """Drawings of passed subjects, one file for each digest of subject and code."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, subject: Subject) -> tuple[Drawing, ...]:
        """Return the drawings of a subject; empty if its current digest has not run."""
        try:
            return msgspec.json.decode(self._path(subject).read_bytes(), type=tuple[Drawing, ...])
        except (FileNotFoundError, msgspec.MsgspecError):
            return ()

    def write(self, subject: Subject, drawings: Iterable[Drawing]) -> None:
        """Store the drawings of a subject."""
        if _pictures(subject):
            write_atomically(self._path(subject), msgspec.json.encode(tuple(drawings)))

    def keep(self, subjects: Iterable[Subject]) -> None:
        """Remove all drawings except those of the current digests of these subjects."""
        kept = {self._path(subject) for subject in subjects}
        for path in self._folder.glob("*.json"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, subject: Subject) -> Path:
        return self._folder / f"{subject.digest}-{code_of(subject)}.json"


def _current(
    subject: Subject, environment: Environment, records: Sequence[Record], store: DrawingStore
) -> bool:
    verdicts = [r.verdict(subject) for r in records if r.environment.id == environment.id]
    if not any(verdict and verdict.status in {"passed", "skipped"} for verdict in verdicts):
        return False
    if skip_reason(subject, "cpu", environment) is not None:
        return True
    return len(store.read(subject)) == pictures_on(subject, environment)


def _pictures(subject: Subject) -> int:
    return sum(len(example.pictures) for example in subject.examples)


def _with_cached(
    committed: Iterable[Record], cache: Path, environment: Environment
) -> list[Record]:
    """Return the committed records, merged with the cached outcomes of this environment."""
    records = {record.environment.id: record for record in committed}
    key = environment.id
    path = cache / "outcomes" / f"{key}.json"
    if path.exists():
        try:
            before = records[key].verdicts if key in records else {}
            records[key] = Record(environment, {**before, **read_record(path).verdicts})
        except RecordError:
            # Cached outcomes can be computed again.
            path.unlink()
    return [records[key] for key in sorted(records)]


def _run(due: Sequence[Subject], worker: Worker, jobs: int, outcomes: dict[str, Outcome]) -> None:
    runner = LocalRunner(worker)
    todo = [Job(subject, "cpu", code_digest()) for subject in due]
    pool = ThreadPoolExecutor(jobs)
    try:
        for job, report in run_jobs(todo, executor=pool, run=runner.run_job):
            outcomes[job.subject.id] = report.outcome
    finally:
        # Do not wait for an interrupted run: the owner of the worker stops it.
        pool.shutdown(wait=False, cancel_futures=True)


def _failures(subject: Subject, outcome: Outcome) -> list[Problem]:
    if outcome.status in {"passed", "skipped"}:
        return []
    if not outcome.failures:
        message = f"{subject.id.rpartition('::')[2]} {outcome.status}: {outcome.reason}"
        return [Problem(subject.file, subject.line, message)]
    return [
        Problem(
            subject.file,
            failure.line,
            report("", Outcome("failed", failures=(failure,))).partition("\n")[2],
        )
        for failure in outcome.failures
    ]
