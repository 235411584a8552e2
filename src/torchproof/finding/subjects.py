"""Data types that the finder, the worker and the hosts share; a `Subject` runs as one unit.

A `Subject` is sent to the worker's process as JSON, so all of it is plain data.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal

PictureKind = Literal["graph", "tree", "trace", "pane"]
NEEDS = ("browser",)
DEFAULT_LIMIT = 30.0
"""Default time limit of a subject, in seconds."""


@dataclass(frozen=True)
class Statement:
    """One `>>>` statement with its expected output."""

    source: str
    want: str
    """Expected output; empty if the statement prints nothing."""
    line: int
    """Line in the file, from 1."""
    raises: str | None = None
    """Last lines of the expected traceback, if there is one."""
    asserts: int = 0
    """Number of `assert` statements in the source."""

    @property
    def checked(self) -> int:
        """Number of comparisons that this statement makes."""
        return (1 if self.want else 0) + self.asserts


@dataclass(frozen=True)
class Picture:
    """A drawing that an example requests."""

    kind: PictureKind
    name: str
    """Variable to draw, or window of the pane."""
    env: str = "main"
    saved: bool = False
    alt: str = ""


@dataclass(frozen=True)
class Marks:
    """The releases of torch and Python that something holds on; see `marks`."""

    since: str = ""
    until: str = ""
    python: str = ""
    """First Python that it holds on, such as 3.13, or first that it fails on, such as <3.13."""

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.python)


@dataclass(frozen=True)
class Example:
    """One `{doctest}` block."""

    line: int
    """Line of the opening fence, from 1."""
    statements: tuple[Statement, ...]
    pictures: tuple[Picture, ...] = ()
    marks: Marks = Marks()
    change: str = ""
    """What differs on the marked versions, in a few words."""


@dataclass(frozen=True)
class Subject:
    """An entry's examples after the page's set-up block, or a whole script."""

    id: str
    kind: Literal["entry", "script"]
    file: str
    """Path from the root of the repository, with forward slashes."""
    line: int
    title: str
    names: tuple[str, ...]
    """Public names: documented by the entry, or referred to by the script."""
    setup: tuple[Example, ...] = ()
    examples: tuple[Example, ...] = ()
    source: str = ""
    """Text of a script."""
    asserts: int = 0
    """Assert statements of a script."""
    only: str | None = None
    """The only device that the subject makes sense on, or `accelerator` for any but the CPU."""
    because: str = ""
    needs: str = ""
    """What the machine must have beside the packages from pip."""
    limit: float = DEFAULT_LIMIT
    marks: Marks = Marks()
    digest: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Return the digest of what runs; line numbers and titles do not count."""
        if not self.digest:
            object.__setattr__(self, "digest", _digest(self))

    @property
    def checked(self) -> int:
        """Number of outputs and asserts that are compared when the subject runs."""
        return self.asserts + sum(s.checked for e in self.examples for s in e.statements)

    @property
    def text(self) -> str:
        """All source code that runs."""
        if self.kind == "script":
            return self.source
        return "".join(s.source for e in (*self.setup, *self.examples) for s in e.statements)

    @property
    def needs_visdom(self) -> bool:
        """Return True if the subject needs a Visdom server."""
        return "import visdom" in self.text or "from visdom" in self.text


@dataclass(frozen=True, order=True)
class Problem:
    """An error in a page or script, found before anything ran."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Found:
    """The subjects of a file or tree, and its problems."""

    subjects: tuple[Subject, ...] = ()
    problems: tuple[Problem, ...] = ()


def _digest(subject: Subject) -> str:
    def block(example: Example) -> list[object]:
        statements = [(s.source, s.want) for s in example.statements]
        pictures = [asdict(p) for p in example.pictures]
        return [statements, pictures, *([_said(example.marks)] if example.marks else [])]

    content: list[object] = [
        [block(e) for e in subject.setup],
        [block(e) for e in subject.examples],
        subject.source,
        subject.only,
    ]
    if subject.needs:
        content.append(subject.needs)
    if subject.marks:
        content.append(_said(subject.marks))
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]


def _said(marks: Marks) -> dict[str, str]:
    said: dict[str, str] = asdict(marks)
    if not marks.python:
        # Without a Python mark the digest stays the one that outcomes were recorded with.
        del said["python"]
    return said
