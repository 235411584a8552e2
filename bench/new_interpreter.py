"""A fork for every subject, against a new interpreter for every subject."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from drive import Driven
from synthetic import write_empty_site
from table import Row
from timing import Command, Sample, in_turn, ratio

_DRIVE = str(Path(__file__).with_name("drive.py"))


def measure(folder: Path, *, subjects: int, rounds: int) -> list[Row]:
    """Compare what each way adds to a subject that does next to nothing, one at a time."""
    many = write_empty_site(folder / "many", subjects)
    # Seconds each: a few are enough.
    few = write_empty_site(folder / "few", 4)
    samples = in_turn(
        {
            "fork": Command([sys.executable, _DRIVE, ".", "--jobs", "1"], many),
            "new": Command([sys.executable, _DRIVE, ".", "--jobs", "1", "--no-fork"], few),
        },
        rounds,
    )
    fork, new = ([*map(_overhead, samples[name])] for name in ("fork", "new"))
    return [
        Row("overhead of a subject, new interpreter", 1e3 * statistics.median(new), "ms"),
        Row("overhead of a subject, fork of the fork server", 1e3 * statistics.median(fork), "ms"),
        Row("new interpreter / fork", ratio(new, fork), "x", at_least=20),
    ]


def _overhead(sample: Sample) -> float:
    driven = Driven.from_output(sample.output)
    return (driven.rest - driven.inside) / (driven.subjects - 1)
