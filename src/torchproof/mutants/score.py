"""Scores: how many of the planted faults were caught, by area and by entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torchproof.mutants.equivalent import Equivalents
from torchproof.mutants.results import Area, Result


@dataclass(frozen=True)
class Score:
    """The faults of an area or an entry."""

    caught: int
    survivors: tuple[Result, ...]
    equivalent: int
    untried: int

    @property
    def counted(self) -> int:
        """Number of faults that could be noticed and were tried."""
        return self.caught + len(self.survivors)

    @property
    def percent(self) -> float:
        """Percentage of the counted faults that was caught; 100 if there are none."""
        return 100 * self.caught / self.counted if self.counted else 100.0


def score(area: Area, equivalents: Equivalents, *, names: Iterable[str] | None = None) -> Score:
    """Return the score of an area, or of some of its names."""
    wanted = set(area.generated) if names is None else set(names)
    mine = [result for result in area.results.values() if result.name in wanted]
    counted = [result for result in mine if result.id not in equivalents.reasons]
    survivors = [result for result in counted if result.status != "caught"]
    generated = sum(area.generated.get(name, 0) for name in wanted)
    return Score(
        caught=len(counted) - len(survivors),
        survivors=tuple(sorted(survivors, key=_order)),
        equivalent=len(mine) - len(counted),
        untried=max(0, generated - len(mine)),
    )


def lines_of(area: Area, equivalents: Equivalents, *, entries: Sequence[str] = ()) -> list[str]:
    """Return the scores of an area, and its survivors by name, as lines of text."""
    whole = score(area, equivalents)
    lines = [
        f"{area.name}: {whole.caught} of {whole.counted} caught ({whole.percent:.1f} %), "
        f"{whole.equivalent} equivalent, {whole.untried} not tried"
    ]
    for name in sorted(area.generated):
        own = score(area, equivalents, names=[name])
        if own.survivors and (not entries or any(name.endswith(entry) for entry in entries)):
            lines.append(f"  {name}: {own.caught} of {own.counted}")
            for result in own.survivors:
                lines += _survivor(result)
    return lines


def _survivor(result: Result) -> list[str]:
    seen = "" if result.status == "survived" else ", which no example runs"
    lines = [f"    {result.id} {result.place}{seen}", f"      - {_short(result.before)}"]
    return [*lines, f"      + {_short(result.after)}"] if result.after else lines


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}…"


def _order(result: Result) -> tuple[str, int, str]:
    file, _, line = result.place.rpartition(":")
    return file or result.place, int(line) if line.isdecimal() else 0, result.id
