"""What must not hold outside the marks of a subject, and what it means if it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torchproof.finding.marks import Where, describe, hold_on
from torchproof.finding.subjects import Marks, Subject
from torchproof.running.outcome import Failure, Outcome


@dataclass(frozen=True)
class Probe:
    """What must not hold outside the marks, as a subject of its own."""

    marks: Marks
    line: int
    subject: Subject


def probes(subject: Subject, where: Where) -> Iterator[Probe]:
    """Yield what has to fail with these versions for the subject's marks to be right.

    An example outside its marks runs after those before it that are meant for these versions.
    """
    if not hold_on(subject.marks, where):
        yield Probe(subject.marks, subject.line, replace(subject, marks=Marks()))
        return
    for number, example in enumerate(subject.examples):
        if not hold_on(example.marks, where):
            before = [e for e in subject.examples[:number] if hold_on(e.marks, where)]
            bare = replace(example, marks=Marks(), pictures=())
            examples = (*(replace(e, pictures=()) for e in before), bare)
            yield Probe(example.marks, example.line, replace(subject, examples=examples))


def contradiction(probe: Probe, where: Where) -> Outcome:
    """Return the outcome of a subject whose mark says less than what holds."""
    given = {":since:": probe.marks.since, ":until:": probe.marks.until}
    options = [option for option, value in given.items() if value]
    place = [f"torch {where.torch}"] if options else []
    if probe.marks.python:
        options.append(":python:")
        place.append(f"Python {where.python}")
    failure = Failure(
        line=probe.line,
        source=describe(probe.marks),
        expected=f"it does not hold on {' with '.join(place)}",
        got=f"it holds there too; correct {' and '.join(options)}, or leave it out",
    )
    return Outcome("failed", failures=(failure,))
