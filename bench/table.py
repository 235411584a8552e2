"""The table of what was measured, against the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One number, with its target if it has one."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target is met; a row without a target meets it."""
        high = self.at_most is not None and self.value > self.at_most
        low = self.at_least is not None and self.value < self.at_least
        return not (high or low)

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_most is not None:
            return f"<= {self.at_most:g} {self.unit}"
        return f">= {self.at_least:g} {self.unit}" if self.at_least is not None else ""


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print rows under a title."""
    print(f"\n{title}")
    for row in rows:
        verdict = ("met" if row.met else "MISSED") if row.target else ""
        print(
            f"  {row.what:<58} {row.value:>9.2f} {row.unit:<4} {row.target:<12} {verdict}".rstrip()
        )
