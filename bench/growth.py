"""Time and memory as a site grows: the same for each subject, and none for good."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from drive import Driven
from synthetic import write_site
from table import Row
from timing import Command, in_turn, ratio

_DRIVE = str(Path(__file__).with_name("drive.py"))


def measure(folder: Path, *, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Run sites of several sizes; the constant start is left out of the cost of a subject."""
    commands = {
        str(size): Command(
            [sys.executable, _DRIVE, str(write_site(folder / str(size), size))], folder
        )
        for size in sizes
    }
    samples = in_turn(commands, rounds)
    driven = {
        size: [Driven.from_output(sample.output) for sample in samples[str(size)]] for size in sizes
    }
    costs = {size: [d.rest / (d.subjects - 1) for d in driven[size]] for size in sizes}
    first, last = sizes[0], sizes[-1]
    before = [float(d.rss_before) for d in driven[last]]
    after = [float(d.rss_after) for d in driven[last]]
    return [
        *(
            Row(f"a subject out of {size}", 1e3 * statistics.median(costs[size]), "ms")
            for size in sizes
        ),
        Row(
            f"a subject out of {last} / out of {first}", ratio(costs[last], costs[first]), "x", 1.3
        ),
        Row("memory of the fork server at its start", statistics.median(before) / 2**20, "MiB"),
        Row(f"memory after {last} subjects / before", ratio(after, before), "x", 1.05),
    ]
