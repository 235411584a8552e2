"""Marks: the releases of torch that an example, or a whole subject, speaks of.

`since` and `until` are both inclusive and name minor releases, such as 2.13. A mark is checked from
both sides: what is marked holds where the mark says so, and does not hold elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from torchproof.later import Say, plain
from torchproof.outcome import Failure, Outcome
from torchproof.subjects import Marks, Subject

LOWEST = (2, 7)
BELOW = (2, 16)
"""The pages speak of the releases from LOWEST to below BELOW."""

_RELEASE = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Probe:
    """What must not hold on a torch outside the marks, as a subject of its own."""

    marks: Marks
    line: int
    subject: Subject


def check_marks(marks: Marks, *, change: str) -> str | None:
    """Return what is wrong with marks as a page gives them; None if nothing is."""
    for option, release in (("since", marks.since), ("until", marks.until)):
        if release and not _RELEASE.fullmatch(release):
            return f":{option}: takes a release such as 2.13, not {release!r}"
        if release and not LOWEST <= release_of(release) < BELOW:
            return f":{option}: {release} is outside the range of these pages; leave it out"
    if marks.since and release_of(marks.since) == LOWEST:
        return f":since: {marks.since} is where the pages begin and says nothing; leave it out"
    if marks.since and marks.until and release_of(marks.since) > release_of(marks.until):
        return f"no release is both since {marks.since} and until {marks.until}"
    if marks and not change:
        return "a mark without :change:; say in a few words what is so since or until then"
    if change and not marks:
        return ":change: without :since: or :until:; say from which release on, or up to which"
    return None


def describe(marks: Marks, *, say: Say = plain) -> str:
    """Return marks as readers see them, such as `since torch 2.13`; empty without any."""
    if marks.since and marks.until:
        if marks.since == marks.until:
            return say("torch %s only", marks.since)
        return say("torch %s to %s", marks.since, marks.until)
    if marks.since:
        return say("since torch %s", marks.since)
    return say("up to torch %s", marks.until) if marks.until else ""


def hold_on(marks: Marks, torch: str) -> bool:
    """Say whether a version of torch, such as 2.13.0, lies within the marks."""
    release = release_of(torch)
    return not (
        (marks.since and release < release_of(marks.since))
        or (marks.until and release > release_of(marks.until))
    )


def release_of(version: str) -> tuple[int, int]:
    """Return major and minor of a version; (0, 0) for what is no version."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def skip_reason(subject: Subject, device: str, torch: str) -> str | None:
    """Why a subject does not run on a device with a torch; None where it does."""
    if subject.only is not None and subject.only != device:
        return f"only on {subject.only}: {subject.because}"
    if not hold_on(subject.marks, torch):
        return describe(subject.marks)
    return None


def pictures_on(subject: Subject, torch: str) -> int:
    """Count the pictures that a subject asks for on a torch."""
    return sum(len(e.pictures) for e in subject.examples if hold_on(e.marks, torch))


def probes(subject: Subject, torch: str) -> Iterator[Probe]:
    """Yield what has to fail on a torch for the subject's marks to be right.

    An example outside its marks runs after those before it that are meant for this torch.
    """
    if not hold_on(subject.marks, torch):
        yield Probe(subject.marks, subject.line, replace(subject, marks=Marks()))
        return
    for number, example in enumerate(subject.examples):
        if not hold_on(example.marks, torch):
            before = [e for e in subject.examples[:number] if hold_on(e.marks, torch)]
            bare = replace(example, marks=Marks(), pictures=())
            examples = (*(replace(e, pictures=()) for e in before), bare)
            yield Probe(example.marks, example.line, replace(subject, examples=examples))


def contradiction(probe: Probe, torch: str) -> Outcome:
    """Return the outcome of a subject whose mark says less than what holds."""
    failure = Failure(
        line=probe.line,
        source=describe(probe.marks),
        expected=f"it does not hold on torch {torch}",
        got="it holds there too; correct :since: and :until:, or take them away",
    )
    return Outcome("failed", failures=(failure,))
