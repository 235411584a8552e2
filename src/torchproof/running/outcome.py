"""The outcome of one subject on one device."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from torchproof.finding.subjects import PictureKind
from torchproof.pictures.kinds import Graph, Pane, Recorded, Trace, Tree

OUTPUT_LIMIT = 16 << 20
"""Bytes that a subject may write to its file descriptors 1 and 2."""
OUTPUT_KEPT = 2000
"""Bytes of that output that are kept to explain a crash."""
Status = Literal["passed", "failed", "skipped", "timed-out", "crashed"]


@dataclass(frozen=True)
class Failure:
    """One statement whose result differs from what the page shows."""

    line: int
    """Line number in the subject's file, from 1."""
    source: str
    expected: str
    got: str


@dataclass(frozen=True)
class Drawing:
    """The data that one example recorded for one picture."""

    example: int
    """Index of the example in its subject, from 0; unlike a line number it survives edits above."""
    name: str
    """Name of the variable, or window id of a pane."""
    shown: Recorded

    @property
    def kind(self) -> PictureKind:
        """The kind of picture."""
        kinds: dict[type[Recorded], PictureKind] = {
            Graph: "graph",
            Tree: "tree",
            Trace: "trace",
            Pane: "pane",
        }
        return kinds[type(self.shown)]


@dataclass(frozen=True)
class Outcome:
    """The outcome of one subject on one device."""

    status: Status
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    examples: int = 0
    """Number of examples whose statements all passed."""
    checked: int = 0
    """Number of outputs and asserts that were checked and passed."""
    seconds: float = 0.0
    drawings: tuple[Drawing, ...] = ()


def timed_out(limit: float) -> Outcome:
    """Return the outcome of a subject that was killed after `limit` seconds."""
    return Outcome("timed-out", f"took longer than {limit:g} s")


def flooded() -> Outcome:
    """Return the outcome of a subject that was killed for writing too much output."""
    return Outcome("crashed", f"wrote more than {OUTPUT_LIMIT >> 20} MiB to stdout")


def ended_early(code: int, output: bytes) -> Outcome:
    """Return the outcome of a subject whose process exited before it sent a result."""
    if code >= 0:
        reason = f"left with status {code} before its end"
    elif -code in set(signal.Signals):
        reason = f"killed by {signal.Signals(-code).name}"
    else:
        reason = f"killed by signal {-code}"
    return Outcome("crashed", f"{reason}\n{output.decode(errors='replace').strip()}".strip())


def report(file: str, outcome: Outcome) -> str:
    """Describe a failed outcome: file and line, statement, expected and actual output."""
    if not outcome.failures:
        return f"{file}: {outcome.status}: {outcome.reason}"
    return "\n".join(_report_failure(file, failure) for failure in outcome.failures)


def _report_failure(file: str, failure: Failure) -> str:
    parts = [f"{file}:{failure.line}:", _indent(failure.source)]
    if failure.expected:
        parts += ["expected:", _indent(failure.expected)]
    parts += ["got:", _indent(failure.got or "(nothing)")]
    return "\n".join(parts)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip("\n").split("\n"))
