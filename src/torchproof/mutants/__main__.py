"""Plant faults in torch and Visdom, and say which the pages do not notice.

`python -m torchproof.mutants` goes on where it was stopped: a fault runs again only if the subject
that decided its result, or the version of the package, has changed.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from torchproof.finding.subjects import Subject
from torchproof.finding.tree import find_in_tree
from torchproof.mutants.areas import PYTHON_AREAS, Planned, area_of, plan_python
from torchproof.mutants.crew import Crew
from torchproof.mutants.equivalent import FILE, read_equivalents
from torchproof.mutants.front_end import plan_front_end
from torchproof.mutants.results import read_areas
from torchproof.mutants.score import lines_of
from torchproof.mutants.server import plan_server
from torchproof.mutants.session import Choice, Summary, changed_files, preload, run_area
from torchproof.running.preloading import EXTRA, preloads
from torchproof.running.worker import _QUIET
from torchproof.visdom.front_end import front_end_folder

AREAS = (*PYTHON_AREAS, "visdom-server", "front-end")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a session; return 1 if a subject fails without a fault, or a list is out of date."""
    options = _parser().parse_args(argv)
    root: Path = options.root.resolve()
    folder = root / "docs" / "mutants"
    _start_quietly()
    # What was found so far is written also when a session is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        files = changed_files(options.since, root=root) if options.since else None
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    choice = Choice(
        entries=tuple(options.entry),
        files=files,
        sample=options.sample,
        seed=options.seed,
        again=options.again,
        survivors=options.survivors,
    )
    cache = root / "docs" / "_build" / "torchproof"
    subjects = find_in_tree(root, cache=cache / "found.json").subjects
    mine = [s for s in subjects if area_of(s) in PYTHON_AREAS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Imports create almost no garbage, yet looking for it takes a tenth of their time.
        gc.disable()
        preload([*preloads(mine), *EXTRA])
        gc.enable()
        crew = Crew(root=root, jobs=options.jobs)
        summaries = []
        for area in options.area or AREAS:
            planned = _plan(area, mine)
            summaries.append(
                run_area(
                    area,
                    planned,
                    subjects=subjects,
                    folder=folder,
                    seen=cache / "mutants",
                    choice=choice,
                    crew=crew,
                    tell=_tell,
                )
            )
    return _end(summaries, folder, choice)


def _plan(area: str, subjects: Sequence[Subject]) -> Planned:
    if area == "visdom-server":
        return plan_server(subjects)
    if area == "front-end":
        return plan_front_end(subjects, static=front_end_folder())
    return plan_python(area, subjects)


def _end(summaries: Sequence[Summary], folder: Path, choice: Choice) -> int:
    known: dict[str, str] = {}
    for area in read_areas(folder):
        known |= {key: result.status for key, result in area.results.items()}
    for summary in summaries:
        gone = {key for key in known if key in summary.area.results} - summary.ids
        known = {key: status for key, status in known.items() if key not in gone}
        known |= {key: known.get(key, "") for key in summary.ids}
    equivalents = read_equivalents(folder / FILE, known)
    problems = [str(problem) for problem in equivalents.problems]
    for summary in summaries:
        print("\n".join(lines_of(summary.area, equivalents, entries=choice.entries)))
        problems += [f"{subject}: {why}" for subject, why in sorted(summary.unfit.items())]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _start_quietly() -> None:
    """Start this process anew with the environment that subjects run in, if it has another."""
    if any(os.environ.get(key) != value for key, value in _QUIET.items()):
        arguments = [sys.executable, "-m", "torchproof.mutants", *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **_QUIET})


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torchproof.mutants", description=__doc__)
    add = parser.add_argument
    add("--area", action="append", choices=AREAS, help="only this area; may be repeated")
    add("--entry", action="append", default=[], help="only this name, or this subject's id")
    add("--since", default="", help="only entries whose pages differ from this git revision")
    add("--sample", type=int, default=0, help="this many faults of each area, drawn at random")
    add("--seed", type=int, default=0, help="seed of the sample")
    add("--again", action="store_true", help="also faults that have a current result")
    add("--survivors", action="store_true", help="also faults that survived before")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="subjects at a time")
    add("--root", type=Path, default=Path.cwd(), help="folder with docs and gallery")
    return parser


if __name__ == "__main__":
    sys.exit(main())
