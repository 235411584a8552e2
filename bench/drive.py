"""Run the subjects of a tree with the runner alone; print what it took as one line of JSON.

The benchmarks start this in a new interpreter, as a user's command would be.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from torchproof.tree import find_in_tree
from torchproof.worker import Worker


@dataclass(frozen=True)
class Driven:
    """What one run of a tree took."""

    subjects: int
    first: float
    """Seconds until the first outcome: the import of torch, and a subject."""
    rest: float
    """Seconds for all the others."""
    inside: float
    """Seconds that the subjects themselves took, added up."""
    rss_before: int
    """Resident bytes of the warm parent after the first subject."""
    rss_after: int


def drive(root: Path, *, jobs: int, fork: bool = True) -> Driven:
    """Run every subject of a tree; raises RuntimeError if one does not pass."""
    begin = time.perf_counter()
    found = find_in_tree(root)
    with Worker(root=root, subjects=found.subjects, fork=fork) as worker:
        outcomes = [worker.run(found.subjects[0], "cpu")]
        first = time.perf_counter()
        before = _resident(worker)
        with ThreadPoolExecutor(jobs) as pool:
            outcomes += pool.map(lambda subject: worker.run(subject, "cpu"), found.subjects[1:])
        end = time.perf_counter()
        after = _resident(worker)
    for subject, outcome in zip(found.subjects, outcomes, strict=True):
        if outcome.status != "passed":
            raise RuntimeError(f"{subject.id}: {outcome}")
    inside = sum(outcome.seconds for outcome in outcomes)
    return Driven(len(outcomes), first - begin, end - first, inside, before, after)


def _resident(worker: Worker) -> int:
    return int(psutil.Process(worker.pid).memory_info().rss) if worker.pid is not None else 0


def main() -> None:
    """Drive the tree that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-fork", action="store_true")
    arguments = parser.parse_args()
    driven = drive(arguments.root, jobs=arguments.jobs, fork=not arguments.no_fork)
    json.dump(asdict(driven), sys.stdout)


if __name__ == "__main__":
    main()
