"""Run the subjects of a tree with the runner alone; print what it took as one line of JSON.

The benchmarks start this in a new interpreter, as a user's command would be.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from torchproof.finding.tree import find_in_tree
from torchproof.running.worker import Worker


@dataclass(frozen=True)
class Driven:
    """What one run of a tree took."""

    subjects: int
    first: float
    """Seconds until the first outcome: the import of torch, and a subject."""
    rest: float
    """Seconds for all the others."""
    inside: float
    """Seconds that the subjects themselves took, all but the first, added up."""
    rss_before: int
    """Resident bytes of the fork server after the first subject."""
    rss_after: int

    @classmethod
    def from_output(cls, output: str) -> Driven:
        """Read what `main` printed; a library may have written before it."""
        return cls(**json.loads(output.strip().rpartition("\n")[2]))


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
    inside = sum(outcome.seconds for outcome in outcomes[1:])
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
    print(json.dumps(asdict(driven)))


if __name__ == "__main__":
    main()
