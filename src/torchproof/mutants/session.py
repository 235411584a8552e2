"""A session: choose faults, try them, and keep the results as they come."""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from torchproof.finding.subjects import Subject
from torchproof.mutants.areas import Planned
from torchproof.mutants.crew import Crew
from torchproof.mutants.hunting import Trial, hunt, run_normally
from torchproof.mutants.normal_cache import NormalCache
from torchproof.mutants.results import Area, Result, is_current, read_area, write_area
from torchproof.processes.huge_pages import use_huge_pages

WRITE_EVERY = 25
"""Results after which they are written, so that a session that is stopped loses few."""
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "nn-module": ("torch",),
    "autograd": ("torch",),
    "visdom": ("visdom",),
    "visdom-server": ("visdom",),
    "front-end": ("visdom",),
}
"""Packages whose versions the results of an area hold for."""


@dataclass(frozen=True)
class Choice:
    """Which faults to try."""

    entries: tuple[str, ...] = ()
    """Names, or ids of subjects; empty for all."""
    files: frozenset[str] | None = None
    """Only entries of these pages, from `--since`; None for all."""
    sample: int = 0
    """Number of faults, drawn at random; 0 for all."""
    seed: int = 0
    again: bool = False
    """Also those that have a current result."""
    survivors: bool = False
    """Also those that survived, as after a change of what runs them."""


@dataclass
class Summary:
    """What a session did."""

    area: Area
    tried: int = 0
    unfit: dict[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    """All faults that the area has."""


def preload(modules: Iterable[str]) -> None:
    """Import what the forks need, and leave this process cheap to fork."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    use_huge_pages()


def versions_of(area: str) -> dict[str, str]:
    """Return the versions of the packages that an area's faults are planted in."""
    return {name: importlib.metadata.version(name) for name in PACKAGES[area]}


def run_area(
    name: str,
    planned: Planned,
    *,
    subjects: Iterable[Subject],
    folder: Path,
    seen: Path,
    choice: Choice,
    crew: Crew,
    tell: Callable[[str], None],
) -> Summary:
    """Try the chosen faults of an area and merge their results into its file.

    `seen` is the folder that keeps how subjects run without a fault.
    """
    versions = versions_of(name)
    by_id = {subject.id: subject for subject in subjects}
    known = {trial.fault.id: trial for trial in planned.trials}
    before = _same_version(read_area(folder, name), versions, known)
    kept = {
        key: result
        for key, result in before.items()
        if is_current(result, subjects=by_id, candidates=known[key].subjects)
    }
    # A survivor stays until it is tried again: without it the score would be too good.
    stale = {k: r for k, r in before.items() if k not in kept and r.status != "caught"}
    generated = Counter(trial.fault.name for trial in planned.trials)
    area = Area(name, versions, dict(generated), {**kept, **stale})
    summary = Summary(area, ids=frozenset(known))
    done = [
        key
        for key, result in kept.items()
        if not choice.again and not (choice.survivors and result.status != "caught")
    ]
    due = chosen(planned.trials, choice, done=done)
    if not due:
        write_area(folder, area)
        return summary
    tell(f"{name}: {len(due)} faults to try, of {len(known)}; {len(kept)} have a result")
    needed = {s.id: s for trial in due for s in (*trial.subjects, *trial.others)}
    cache = NormalCache(seen / f"{name}.json", probed=planned.tracer.key)
    normal = run_normally(needed.values(), tracer=planned.tracer, crew=crew, cache=cache)
    summary.unfit = normal.unfit
    results = dict(area.results)
    void: set[str] = set()
    caught = 0

    def report(trial: Trial, result: Result | None) -> None:
        nonlocal caught
        summary.tried += 1
        if result is None:
            void.add(trial.fault.id)
            results.pop(trial.fault.id, None)
        else:
            results[result.id] = result
            caught += result.status == "caught"
        if summary.tried % WRITE_EVERY == 0:
            keep()
            tell(f"{name}: {summary.tried} of {len(due)}, {caught} caught, {len(void)} no faults")

    def keep() -> None:
        summary.area = replace(area, results=dict(results))
        write_area(folder, summary.area)

    try:
        hunt(due, normal=normal, crew=crew, report=report)
    finally:
        keep()
    return summary


def _same_version(
    before: Area | None, versions: Mapping[str, str], known: Container[str]
) -> dict[str, Result]:
    """Return the results for these versions, of the faults that there still are."""
    if before is None or dict(before.versions) != dict(versions):
        return {}
    return {key: result for key, result in before.results.items() if key in known}


def chosen(trials: Sequence[Trial], choice: Choice, *, done: Iterable[str]) -> list[Trial]:
    """Return the trials that a choice names, without those that are done."""
    wanted = [
        trial
        for trial in trials
        if _named(trial, choice.entries)
        and (choice.files is None or any(s.file in choice.files for s in trial.subjects[:1]))
    ]
    if choice.sample and choice.sample < len(wanted):
        # The same sample whatever was tried before.
        wanted = random.Random(choice.seed).sample(wanted, choice.sample)
    finished = set(done)
    return [trial for trial in wanted if trial.fault.id not in finished]


def _named(trial: Trial, entries: Sequence[str]) -> bool:
    own = trial.subjects[0].id if trial.subjects else ""
    return not entries or any(
        entry == trial.fault.name or trial.fault.name.endswith(f".{entry}") or entry in own
        for entry in entries
    )


def changed_files(revision: str, *, root: Path) -> frozenset[str]:
    """Return the files that differ from a revision; raises ValueError if git does not know it."""
    command = ["git", "diff", "--name-only", revision, "--", "docs", "gallery"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"--since {revision}: {done.stderr.strip()}")
    return frozenset(done.stdout.split("\n")) - {""}
