"""How fast torchproof is, as ratios within one run: `tox -e bench`, or `-- --quick` for a glance.

Machines are noisy and differ: what is compared runs in turn, on the same load, several times.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import against_stock
import growth
import new_interpreter
import site_builds
from table import Row, print_table


def main() -> int:
    """Measure, print the tables, and say with --strict whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sites, one round")
    parser.add_argument("--strict", action="store_true", help="fail if a target is missed")
    arguments = parser.parse_args()
    quick: bool = arguments.quick
    rounds = 1 if quick else 5
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"torchproof {version('torchproof')}, torch {version('torch')}, "
        f"Sphinx {version('sphinx')}, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors, load before the start {load}"
    )
    rows: list[Row] = []

    def show(title: str, new: list[Row]) -> None:
        print_table(title, new)
        sys.stdout.flush()
        rows.extend(new)

    with tempfile.TemporaryDirectory(prefix="torchproof-bench-") as name:
        folder = Path(name)
        show(
            "The stock doctest builder",
            against_stock.measure(folder / "a", subjects=60 if quick else 300, rounds=rounds),
        )
        show(
            "New interpreters",
            new_interpreter.measure(
                folder / "b", subjects=20 if quick else 60, rounds=min(rounds, 3)
            ),
        )
        try:
            show("The site", site_builds.measure(folder / "c", rounds=min(rounds, 3)))
        except site_builds.NoSite as error:
            print(f"\nThe site\n  left out: it does not build at present\n{error}")
        show(
            "Growth",
            growth.measure(
                folder / "d",
                sizes=(30, 60, 120) if quick else (100, 300, 1000),
                rounds=min(rounds, 3),
            ),
        )
    missed = [row.what for row in rows if not row.met]
    print(f"\n{len(missed)} targets missed: {'; '.join(missed)}" if missed else "\nall targets met")
    return 1 if missed and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
