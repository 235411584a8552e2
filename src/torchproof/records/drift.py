"""Report regressions: what passed on a recorded torch and fails on this one, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torchproof.finding.subjects import Subject
from torchproof.records.environment_names import name_environments, telling_fields
from torchproof.records.record import Verdict
from torchproof.running.environment import Environment
from torchproof.running.outcome import Failure

_SHOWN = 160
"""Longest output in a cell, in characters."""


@dataclass(frozen=True)
class Held:
    """A subject that failed here, with the environments that it passed in."""

    subject: Subject
    verdict: Verdict
    failures: Sequence[Failure]
    before: Sequence[Environment]


def drift_table(environment: Environment, fell: Sequence[Held], *, asked: int) -> str:
    """Return a Markdown table of the entries that no longer pass in an environment."""
    where = (
        f"torch {environment.torch} ({environment.device}, Python {environment.python}, "
        f"{environment.system} {environment.machine} {environment.capability})"
    )
    if not fell:
        return (
            f"## No regression on {where}\n\n"
            f"{asked} subjects ran; none that passed in a record failed.\n"
        )
    lines = [
        f"## {len(fell)} of {asked} subjects no longer hold on {where}",
        "",
        "| entry | line | held on torch | the page shows | it gives |",
        "|---|---|---|---|---|",
    ]
    for held in fell:
        before = name_environments(held.before, telling_fields([*held.before, environment]))
        name = ", ".join(held.subject.names) if held.subject.kind == "entry" else ""
        title = f"`{held.subject.id}`" + (f" ({name})" if name and len(name) < _SHOWN else "")
        failures = held.failures or [
            Failure(held.subject.line, "", "", f"{held.verdict.status}: {held.verdict.reason}")
        ]
        for failure in failures:
            cells = (
                title,
                f"{held.subject.file}:{failure.line}",
                before,
                _cell(failure.expected or failure.source),
                _cell(_end(failure.got)),
            )
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", 'To see them run: `tox -e doctest-torchlatest -- "<entry>[cpu]"`.', ""]
    return "\n".join(lines)


def _end(got: str) -> str:
    """Return the last line of a traceback, which has the message."""
    text = got.strip()
    return text.split("\n")[-1] if "Traceback (most recent call last)" in text else text


def _cell(text: str) -> str:
    """Return text for a cell of a Markdown table."""
    flat = " ⏎ ".join(line.strip() for line in text.strip().splitlines())
    cut = flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]} …"
    return f"`{cut.replace('`', chr(39)).replace('|', chr(92) + '|')}`" if cut else ""
