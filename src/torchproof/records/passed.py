"""What need not run again: subjects that passed here, as they stand now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torchproof.finding.subjects import Subject
from torchproof.records.record import Record
from torchproof.running.environment import Environment


def passed_here(
    records: Iterable[Record], here: Iterable[Environment]
) -> Callable[[Subject, str], bool]:
    """Return a function that tells whether a subject has passed, or been skipped, on a device.

    `here` are the environments of this machine, one for each device.
    """
    ids = {environment.id for environment in here}
    seen = {r.environment.device: r for r in records if r.environment.id in ids}

    def passed(subject: Subject, device: str) -> bool:
        verdict = seen[device].verdict(subject) if device in seen else None
        return verdict is not None and verdict.status in {"passed", "skipped"}

    return passed
