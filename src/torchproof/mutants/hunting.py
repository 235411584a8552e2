"""Plant each fault, and run the subjects that should notice it until one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torchproof.finding.subjects import Subject
from torchproof.mutants.crew import Course, Crew, Ran
from torchproof.mutants.normal_cache import NormalCache, Seen
from torchproof.mutants.results import Result, digest_of_subjects
from torchproof.mutants.subject_process import Run

PATIENCE = 5.0
"""How many times as long as normally a subject may take, before it counts as endless."""
GRACE = 5.0
"""Seconds on top of that."""
_COPIES = frozenset({"return-copy", "copy-to-callback", "returns-copy"})
_NOTED = frozenset({"does-nothing", "returns-self", "drop-keyword", "ignores-write"})
"""Kinds of wrappers, which note whether they were called."""


class Planted(Protocol):
    """A fault that can be planted in a fork."""

    @property
    def id(self) -> str:
        """Identity, the same for each run."""

    @property
    def name(self) -> str:
        """Documented name that answers for it."""

    @property
    def kind(self) -> str:
        """Kind of change."""

    @property
    def place(self) -> str:
        """File and line."""

    @property
    def before(self) -> str:
        """Changed statement as it was."""

    @property
    def after(self) -> str:
        """Changed statement as it is planted."""


@dataclass(frozen=True)
class Trial:
    """A fault, the subjects that should notice it, and how to plant it."""

    fault: Planted
    subjects: Sequence[Subject]
    """In the order in which they are tried; the entry's own comes first."""
    plant: Callable[[Path], None]
    probe: object = None
    """What a subject must reach for the fault to matter; None if nobody can say."""
    others: Sequence[Subject] = ()
    """Further subjects, of which the shortest few that reach the fault are tried last."""
    most: int = 4
    """Number of the further subjects that are tried."""
    must_be_reached: bool = False
    """Whether the change is no fault where no subject reaches it."""


@dataclass
class Normal:
    """How the subjects run without a fault."""

    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[str, frozenset[object] | None] = field(default_factory=dict)
    """By subject; None where the probes disturb the subject, so that all counts as reached."""
    unfit: dict[str, str] = field(default_factory=dict)
    """Subjects that do not pass without a fault, with the reason."""

    def reaching(self, trial: Trial) -> list[Subject]:
        """Return the subjects to try: those that pass without the fault, and run its code."""
        first = [s for s in trial.subjects if self._reaches(s, trial.probe)]
        known = {subject.id for subject in trial.subjects}
        more = [s for s in trial.others if s.id not in known and self._reaches(s, trial.probe)]
        more.sort(key=lambda s: (self.seconds[s.id], s.id))
        return [*first, *more[: trial.most]]

    def _reaches(self, subject: Subject, probe: object) -> bool:
        if subject.id in self.unfit or subject.id not in self.seconds:
            return False
        reached = self.reached[subject.id]
        return probe is None or reached is None or probe in reached


class Tracer(Protocol):
    """Probes in the code that has the faults."""

    @property
    def size(self) -> int:
        """Bytes of notes that they need."""

    @property
    def key(self) -> Iterable[object]:
        """What the probes depend on."""

    def install(self, folder: Path) -> None:
        """Put the probes into this process."""

    def places(self, numbers: Iterable[int]) -> frozenset[object]:
        """Return what has the probes of these numbers."""


def run_normally(
    subjects: Iterable[Subject], *, tracer: Tracer, crew: Crew, cache: NormalCache
) -> Normal:
    """Run each subject once without a fault, with probes; one that they disturb runs without."""
    normal = Normal()

    def course(subject: Subject) -> Course:
        seen = cache.get(subject)
        if seen is None:
            ran = yield Run(subject, subject.limit, tracer.install, tracer.size)
            numbers: tuple[int, ...] | None = tuple(n for n, b in enumerate(ran.notes) if n and b)
            if ran.noticed and tracer.size > 1:
                # Perhaps the probes disturb it. Where there are none, what disturbs it is unfit.
                ran = yield Run(subject, subject.limit, lambda _: None)
                numbers = None
            seen = Seen(ran.seconds, numbers)
            if ran.status == "passed":
                cache.put(subject, seen)
            else:
                normal.unfit[subject.id] = f"{ran.status} without a fault: {ran.how}"
        normal.seconds[subject.id] = seen.seconds
        normal.reached[subject.id] = None if seen.reached is None else tracer.places(seen.reached)

    try:
        crew.go(course(subject) for subject in subjects)
    finally:
        cache.write()
    return normal


def hunt(
    trials: Iterable[Trial],
    *,
    normal: Normal,
    crew: Crew,
    report: Callable[[Trial, Result | None], None],
) -> None:
    """Try each fault and report its result, or None if the change turns out to be no fault."""

    def course(trial: Trial) -> Course:
        reaching = normal.reaching(trial)
        took_effect = False
        for subject in reaching:
            limit = PATIENCE * normal.seconds[subject.id] + GRACE
            ran = yield Run(subject, limit, trial.plant)
            if ran.status == "no-fault":
                report(trial, None)
                return
            took_effect = took_effect or ran.notes[:1] == b"\1"
            if ran.noticed:
                report(trial, _caught(trial, subject, ran))
                return
        # Where nothing that can be copied came by, there is no fault.
        void = trial.fault.kind in _COPIES and not took_effect if reaching else False
        if trial.fault.kind in _NOTED and not took_effect:
            reaching = []
        if void or (trial.must_be_reached and not reaching):
            report(trial, None)
        else:
            report(trial, _survived(trial, reaching))

    crew.go(course(trial) for trial in trials)


def _caught(trial: Trial, subject: Subject, ran: Ran) -> Result:
    fault = trial.fault
    # Only the line: what a failure prints has paths, ports and addresses of this machine.
    how = ran.how.partition(":")[0] if ran.status == "failed" else ran.status
    return Result(
        id=fault.id,
        name=fault.name,
        kind=fault.kind,
        status="caught",
        digest=digest_of_subjects([subject]),
        by=subject.id,
        how=how,
    )


def _survived(trial: Trial, reaching: Sequence[Subject]) -> Result:
    fault = trial.fault
    return Result(
        id=fault.id,
        name=fault.name,
        kind=fault.kind,
        status="survived" if reaching else "unreached",
        digest=digest_of_subjects({s.id: s for s in (*trial.subjects, *reaching)}.values()),
        tried=tuple(subject.id for subject in reaching),
        place=fault.place,
        before=fault.before,
        after=fault.after,
    )
