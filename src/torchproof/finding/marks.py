"""Marks: the releases of torch and Python that an example or a whole subject holds on.

`since` and `until` are inclusive and name minor releases of torch, such as 2.13. `python` names the
minor version from which something holds, such as 3.13, or before which it holds, `<3.13`. A mark
is checked from both sides: the marked example passes within its versions and fails outside.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
from dataclasses import dataclass
from typing import Protocol

from torchproof.devices import ANY_ACCELERATOR, runs_on
from torchproof.finding.subjects import Marks, Subject
from torchproof.language import Translate, untranslated

LOWEST = (2, 7)
BELOW = (2, 16)
"""The pages cover the releases from LOWEST up to, not including, BELOW."""

PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
"""The minor versions of Python that the pages cover."""

_RELEASE = re.compile(r"\d+\.\d+")


class Where(Protocol):
    """The versions that marks are compared with."""

    @property
    def torch(self) -> str:
        """Return a version such as 2.13.0; empty if torch is not installed."""
        ...

    @property
    def python(self) -> str:
        """Return major and minor version, such as 3.13."""
        ...


@dataclass(frozen=True)
class Versions:
    """The versions of torch and Python, without the rest of an environment."""

    torch: str
    python: str


def running_versions() -> Versions:
    """Return the versions of this interpreter, without importing torch."""
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        torch = ""
    return Versions(torch, ".".join(platform.python_version_tuple()[:2]))


def check_marks(marks: Marks, *, change: str) -> str | None:
    """Return the error in the marks of a page; None if they are valid."""
    for option, release in (("since", marks.since), ("until", marks.until)):
        if release and not _RELEASE.fullmatch(release):
            return f":{option}: takes a release such as 2.13, not {release!r}"
        if release and not LOWEST <= release_of(release) < BELOW:
            return f":{option}: {release} is outside the range of these pages; leave it out"
    if marks.since and release_of(marks.since) == LOWEST:
        return f":since: {marks.since} is where the pages begin and says nothing; leave it out"
    if marks.until and release_of(marks.until) == (BELOW[0], BELOW[1] - 1):
        return f":until: {marks.until} is where the pages end and says nothing; leave it out"
    if marks.since and marks.until and release_of(marks.since) > release_of(marks.until):
        return f"no release is both since {marks.since} and until {marks.until}"
    if problem := _check_python(marks.python):
        return problem
    if marks and not change:
        return "a mark without :change:; say in a few words what is so there"
    if change and not marks:
        return ":change: without a mark; say with :since:, :until: or :python: where it is so"
    return None


def _check_python(mark: str) -> str | None:
    version = mark.removeprefix("<")
    if not mark:
        return None
    if not _RELEASE.fullmatch(version):
        return f":python: takes a version such as 3.13, or <3.13 for those before it, not {mark!r}"
    if release_of(version) not in PYTHONS:
        return f":python: {mark} is outside the Pythons of these pages, {_span()}; leave it out"
    if release_of(version) == PYTHONS[0]:
        says = "nothing" if mark == version else "that it holds nowhere"
        return f":python: {mark} says {says}, as these pages begin with {version}; leave it out"
    return None


def _span() -> str:
    return " to ".join("{}.{}".format(*version) for version in (PYTHONS[0], PYTHONS[-1]))


def describe(marks: Marks, *, translate: Translate = untranslated) -> str:
    """Return marks in words, such as `since torch 2.13`; empty if there are none."""
    words = (_describe_releases(marks, translate), describe_python(marks, translate=translate))
    return translate("%s, %s", *words) if all(words) else "".join(words)


def describe_python(marks: Marks, *, translate: Translate = untranslated) -> str:
    """Return the Python mark in words; empty if there is none."""
    version = marks.python.removeprefix("<")
    if version != marks.python:
        return translate("on Python before %s", version)
    return translate("on Python %s and later", version) if version else ""


def _describe_releases(marks: Marks, translate: Translate) -> str:
    if marks.since and marks.until:
        if marks.since == marks.until:
            return translate("torch %s only", marks.since)
        return translate("torch %s to %s", marks.since, marks.until)
    if marks.since:
        return translate("since torch %s", marks.since)
    return translate("up to torch %s", marks.until) if marks.until else ""


def hold_on(marks: Marks, where: Where) -> bool:
    """Return True if the versions lie within the marks."""
    release, python = release_of(where.torch), release_of(where.python)
    version = release_of(marks.python.removeprefix("<"))
    return not (
        (marks.since and release < release_of(marks.since))
        or (marks.until and release > release_of(marks.until))
        or (marks.python and (python < version) != marks.python.startswith("<"))
    )


def release_of(version: str) -> tuple[int, int]:
    """Return major and minor of a version; (0, 0) if the text is not a version."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def skip_reason(subject: Subject, device: str, where: Where) -> str | None:
    """Return why a subject is skipped on a device with these versions; None if it runs."""
    if not runs_on(subject.only, device):
        article = "an " if subject.only == ANY_ACCELERATOR else ""
        return f"only on {article}{subject.only}: {subject.because}"
    if not hold_on(subject.marks, where):
        return describe(subject.marks)
    return None


def pictures_on(subject: Subject, where: Where) -> int:
    """Count the pictures that a subject asks for with these versions."""
    return sum(len(e.pictures) for e in subject.examples if hold_on(e.marks, where))
