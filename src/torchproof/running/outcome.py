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
"""Bytes of that output which are kept to explain a crash."""
Status = Literal["passed", "failed", "skipped", "timed-out", "crashed"]


@dataclass(frozen=True)
class Failure:
    """One statement that did not do what the page shows."""

    line: int
    """Line in the subject's file, from 1."""
    source: str
    expected: str
    got: str


@dataclass(frozen=True)
class Drawing:
    """What one example recorded for one picture."""

    example: int
    """Which of the subject's examples asked for it, from 0; lines move, this does not."""
    name: str
    """Variable, or window of a pane."""
    shown: Recorded

    @property
    def kind(self) -> PictureKind:
        """The kind of picture that asked for it."""
        kinds: dict[type[Recorded], PictureKind] = {
            Graph: "graph",
            Tree: "tree",
            Trace: "trace",
            Pane: "pane",
        }
        return kinds[type(self.shown)]


@dataclass(frozen=True)
class Outcome:
    """Outcome of one subject on one device."""

    status: Status
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    examples: int = 0
    """Examples that ran to their end."""
    checked: int = 0
    """Outputs and asserts that were compared and held."""
    seconds: float = 0.0
    drawings: tuple[Drawing, ...] = ()


def timed_out(limit: float) -> Outcome:
    """Return the outcome of a subject that was stopped after `limit` seconds."""
    return Outcome("timed-out", f"took longer than {limit:g} s")


def flooded() -> Outcome:
    """Return the outcome of a subject that was stopped for what it wrote."""
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
    """Describe a failed outcome: file and line, the statement, expected, got."""
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
