"""Probes: run the parts of a subject outside their marks, where they must fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torchproof.finding.marks import Where, describe, hold_on
from torchproof.finding.subjects import Marks, Subject
from torchproof.running.outcome import Failure, Outcome


@dataclass(frozen=True)
class Probe:
    """A subject, or one of its examples, without its marks; it must fail."""

    marks: Marks
    line: int
    subject: Subject


def probes(subject: Subject, where: Where) -> Iterator[Probe]:
    """Yield the probes that must fail on these versions if the subject's marks are right.

    A probe of an example first runs the earlier examples whose marks hold on these versions.
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
    """Return the failed outcome of a subject one of whose probes has passed."""
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
