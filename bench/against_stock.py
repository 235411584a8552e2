"""Every subject in a process of its own, against the stock doctest builder on the same pages."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from synthetic import write_site
from table import Row
from timing import Command, Sample, in_turn, ratio

_DRIVE = str(Path(__file__).with_name("drive.py"))


def measure(folder: Path, *, subjects: int, rounds: int) -> list[Row]:
    """Compare our runner and our pytest plugin, on two workers, with the stock builder."""
    root = write_site(folder / "site", subjects)
    # -E: cold doctrees each time.
    stock = ["-m", "sphinx", "-q", "-E", "-b", "doctest", "docs", "out"]
    pytest = ["-m", "pytest", "-q", "-p", "torchproof.hosts.pytest_plugin", "-n", "2", "docs"]
    samples = in_turn(
        {
            "stock": Command([sys.executable, *stock], root),
            "runner": Command([sys.executable, _DRIVE, ".", "--jobs", "2"], root),
            "pytest": Command([sys.executable, *pytest], root),
        },
        rounds,
    )
    _check(root, samples["pytest"], subjects)
    of_stock = samples["stock"]
    rows = [
        Row(f"stock sphinx-build -b doctest, {subjects} subjects", _median(of_stock), "s"),
        Row("our runner, two workers, isolated", _median(samples["runner"]), "s"),
        Row("pytest -p torchproof.hosts.pytest_plugin -n 2", _median(samples["pytest"]), "s"),
    ]
    for name in ("runner", "pytest"):
        wall = ratio([s.wall for s in samples[name]], [s.wall for s in of_stock])
        cpu = ratio([s.cpu for s in samples[name]], [s.cpu for s in of_stock])
        rows += [
            Row(f"{name} / stock", wall, "x", at_most=1.0),
            Row(f"{name} / stock, in processor time", cpu, "x"),
        ]
    return rows


def _median(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.wall for sample in samples)


def _check(root: Path, ours: Sequence[Sample], subjects: int) -> None:
    """A fast run that checked nothing is no run."""
    report = (root / "out" / "output.txt").read_text(encoding="utf-8")
    if "    0 failures in tests" not in report:
        raise RuntimeError(f"the stock builder failed:\n{report[-2000:]}")
    if any(f"{subjects} passed" not in sample.output for sample in ours):
        raise RuntimeError(f"pytest did not run all subjects:\n{ours[-1].output[-2000:]}")
