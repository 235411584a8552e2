"""Find marks that the records cannot decide: one of their sides was never run.

`:since: 2.12` says that torch 2.11 differs. Only records of both can tell that from a
change that came with 2.11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torchproof.finding.marks import release_of
from torchproof.finding.subjects import Found, Marks, Problem
from torchproof.records.record import RECORD
from torchproof.running.environment import Environment

Version = tuple[int, int]


def undecided_marks(found: Found, environments: Iterable[Environment]) -> Iterator[Problem]:
    """Yield a problem for each mark with a neighbouring release that no record covers."""
    recorded = list(environments)
    torches = {release_of(environment.torch) for environment in recorded}
    pythons = {release_of(environment.python) for environment in recorded}
    for subject in found.subjects:
        places = [(subject.line, subject.marks), *((e.line, e.marks) for e in subject.examples)]
        for line, marks in places:
            for mark, side in _torches(marks):
                if side not in torches:
                    name = "{}.{}".format(*side)
                    command = RECORD.replace("doctest", f"doctest-torch{name.replace('.', '')}")
                    yield _problem(subject.file, line, mark, f"torch {name}", f"`{command}`")
            for mark, side in _pythons(marks):
                if side not in pythons:
                    name = "Python {}.{}".format(*side)
                    yield _problem(subject.file, line, mark, name, f"`{RECORD}` under {name}")


def _torches(marks: Marks) -> Iterator[tuple[str, Version]]:
    """Yield the releases on both sides of each mark."""
    if marks.since:
        major, minor = release_of(marks.since)
        yield from (
            (f":since: {marks.since}", side) for side in ((major, minor - 1), (major, minor))
        )
    if marks.until:
        major, minor = release_of(marks.until)
        yield from (
            (f":until: {marks.until}", side) for side in ((major, minor), (major, minor + 1))
        )


def _pythons(marks: Marks) -> Iterator[tuple[str, Version]]:
    if marks.python:
        major, minor = release_of(marks.python.removeprefix("<"))
        mark = f":python: {marks.python}"
        yield from ((mark, side) for side in ((major, minor - 1), (major, minor)))


def _problem(file: str, line: int, mark: str, missing: str, how: str) -> Problem:
    message = f"{mark} cannot be decided without a record of {missing}; run {how}"
    return Problem(file, line, message)
