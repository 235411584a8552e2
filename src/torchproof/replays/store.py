"""Record replays in processes of their own, and keep them by what ran."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from torchproof.code_digest import code_of, digest_of
from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject
from torchproof.replays.examples import examples_of
from torchproof.replays.kinds import Recording
from torchproof.running.environment import torch_version

_QUIET = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TORCH_SYMBOLIZE_MODE": "dladdr"}
_QUIET |= {"MPLBACKEND": "Agg", "PYTHONHASHSEED": "0", "PYTHONSAFEPATH": "1"}


class RecordingFailed(RuntimeError):
    """The process that records replays ended with an error."""


def replays_of(
    subjects: Iterable[Subject],
    *,
    folder: Path,
    announce: Callable[[str], None] = lambda _: None,
) -> dict[str, Recording]:
    """Return the replays of the subjects that draw a graph or a trace, by subject id.

    What `folder` does not have is recorded. It has a file for each digest of the subject, of our
    code and of torch.
    """
    wanted = {subject.id: subject for subject in subjects if _has_replays(subject)}
    paths = {name: folder / f"{_key(subject)}.json" for name, subject in wanted.items()}
    found = {name: recording for name in wanted if (recording := _read(paths[name])) is not None}
    due = {name: subject for name, subject in wanted.items() if name not in found}
    if due and not hasattr(os, "fork"):
        announce(f"{len(due)} subjects have no replay: recording one needs a system that forks")
        due = {}
    if due:
        announce(f"recording the replays of {len(due)} subjects")
        for name, recording in zip(due, _record(list(due.values())), strict=True):
            found[name] = recording
            if not recording.refused:
                write_atomically(paths[name], msgspec.json.encode(recording))
    for path in folder.glob("*.json"):
        if path not in paths.values():
            path.unlink(missing_ok=True)
    return found


def _has_replays(subject: Subject) -> bool:
    # A Visdom subject would need a server a second time.
    if subject.needs_visdom or subject.only not in (None, "cpu"):
        return False
    # A script is parsed only if it draws.
    if subject.kind == "script" and "# torchproof: " not in subject.source:
        return False
    pictures = (p for example in examples_of(subject) for p in example.pictures)
    return any(picture.kind in ("graph", "trace") for picture in pictures)


def _record(subjects: list[Subject]) -> list[Recording]:
    with tempfile.TemporaryDirectory(prefix="torchproof-replays-") as name:
        folder = Path(name)
        folder.joinpath("subjects.json").write_bytes(msgspec.json.encode(subjects))
        lanes = str(min(len(subjects), os.cpu_count() or 1))
        ended = subprocess.run(
            [sys.executable, "-m", "torchproof.replays.server", name, lanes],
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if ended.returncode:
            raise RecordingFailed(f"the replays cannot be recorded: {ended.stderr.strip()[-2000:]}")
        read = (folder.joinpath(f"{number}.json").read_bytes() for number in range(len(subjects)))
        return [msgspec.json.decode(data, type=Recording) for data in read]


def _read(path: Path) -> Recording | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recording)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _key(subject: Subject) -> str:
    # Lines of a traceback are lines of the file, so an edit above moves the recording.
    code = digest_of(("replays.server",))
    return f"{subject.digest}-{code_of(subject)}-{code}-{torch_version()}"
