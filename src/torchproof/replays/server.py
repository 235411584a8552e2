"""A process that imports torch once and forks for each run of a subject.

`python -m torchproof.replays.server FOLDER LANES` reads a list of subjects from `subjects.json`
in the folder, and writes a `Recording` for each into the same folder.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject
from torchproof.processes.orphans import die_with_parent, end_copies
from torchproof.replays.checking import Plain, difference, profile
from torchproof.replays.examples import examples_of
from torchproof.replays.kinds import Recording, Refused
from torchproof.replays.recorder import Figure, Watched, watch
from torchproof.running.preloading import EXTRA, preloads


def main() -> None:
    """Record all jobs of a folder, several at once."""
    die_with_parent()
    folder, lanes = Path(sys.argv[1]), int(sys.argv[2])
    subjects = msgspec.json.decode(
        folder.joinpath("subjects.json").read_bytes(), type=list[Subject]
    )
    for module in (*preloads(subjects), *EXTRA):
        try:
            importlib.import_module(module)
        except ImportError:
            if module not in EXTRA:
                raise
    lane = functools.partial(_lane, folder, subjects, lanes)
    children = [_fork(functools.partial(lane, number)) for number in range(lanes)]
    failed = [pid for pid in children if os.waitpid(pid, 0)[1]]
    sys.exit(1 if failed else 0)


def record(subject: Subject, folder: Path) -> Recording:
    """Record the replays of one subject, and compare them with runs without hooks."""
    watched = _run(folder, subject, lambda: watch(subject), Watched)
    if isinstance(watched, str):
        return Recording(refused=_all_refused(subject, watched))
    numbers = {figure.walked for figure in watched.figures if figure.walked is not None}
    plain: Any = ()
    if numbers:
        plain = _run(folder, subject, lambda: profile(subject, numbers), tuple[Plain, ...])
        if isinstance(plain, str):
            return Recording(refused=_all_refused(subject, plain))
    refused, graphs = list(watched.refused), []
    for found in watched.figures:
        figure, passes = found, plain
        if figure.walked is None:
            figure, passes = _own(figure, subject, folder)
        same = next((p for p in passes if p.number == figure.walked), None)
        if reason := difference(figure, same):
            refused.append(Refused(figure.replay.example, figure.replay.name, reason))
        else:
            graphs.append(figure.replay)
    return Recording(tuple(graphs), watched.traces, tuple(refused))


def _own(figure: Figure, subject: Subject, folder: Path) -> tuple[Figure, tuple[Plain, ...]]:
    """Return the figure with a backward pass that the example does not run."""
    own = (figure.replay.example, figure.replay.name)
    watched = _run(folder, subject, lambda: watch(subject, own=own), Watched)
    if isinstance(watched, str) or not watched.figures:
        return figure, ()
    walked = watched.figures[0]
    numbers = {walked.walked} - {None}
    plain = _run(folder, subject, lambda: profile(subject, numbers, own=own), tuple[Plain, ...])
    return walked, () if isinstance(plain, str) else plain


def _all_refused(subject: Subject, reason: str) -> tuple[Refused, ...]:
    pictures = ((i, p) for i, e in enumerate(examples_of(subject)) for p in e.pictures)
    return tuple(Refused(i, p.name, reason) for i, p in pictures if p.kind in ("graph", "trace"))


def _lane(folder: Path, subjects: list[Subject], lanes: int, lane: int) -> None:
    for number in range(lane, len(subjects), lanes):
        recording = record(subjects[number], folder)
        write_atomically(folder / f"{number}.json", msgspec.json.encode(recording))


def _run(folder: Path, subject: Subject, work: Callable[[], object], kind: Any) -> Any:
    """Do the work in a fork and return its result, or a sentence if there is none."""
    path = folder / f"run-{os.getpid()}.json"

    def child() -> None:
        signal.alarm(round(subject.limit * 2))
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        os.chdir(folder)
        with end_copies():
            result = work()
        write_atomically(path, msgspec.json.encode(result))

    path.unlink(missing_ok=True)
    _, status = os.waitpid(_fork(child), 0)
    if status or not path.exists():
        code = os.waitstatus_to_exitcode(status)
        late = f"took longer than {subject.limit * 2:g} s" if code == -signal.SIGALRM else ""
        return f"its replay {late or f'ended with status {code}'}"
    return msgspec.json.decode(path.read_bytes(), type=kind)


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
