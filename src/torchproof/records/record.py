"""Records: the verdicts of one environment by subject, in one JSON file each.

An outcome counts only for the digest of its example and the digest of the code that ran and
compared it. An edited example has no outcome until it runs again; when the checker changes, no
example has one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from torchproof.cache_folder import cache_folder, make_private
from torchproof.code_digest import code_of
from torchproof.files import write_atomically
from torchproof.finding.marks import BELOW, LOWEST, release_of, skip_reason
from torchproof.finding.subjects import Subject
from torchproof.running.environment import Environment
from torchproof.running.outcome import Outcome, Status

SCHEMA = 2
RECORD = "tox -e doctest -- --record"
"""Command that writes a record."""
_LOCK_LIMIT = 60.0
"""Seconds to wait for another process that writes the same record."""


class RecordError(ValueError):
    """An unreadable record; the message names the file and the next step."""


@dataclass(frozen=True)
class Verdict:
    """The part of an outcome that a record keeps."""

    digest: str
    status: Status
    reason: str = ""
    examples: int = 0
    checked: int = 0
    code: str = ""
    """Digest of the code that ran and compared the subject."""


@dataclass(frozen=True)
class Record:
    """The verdicts of one environment, by subject."""

    environment: Environment
    verdicts: Mapping[str, Verdict]

    def verdict(self, subject: Subject) -> Verdict | None:
        """Return the verdict for the current digests of subject and code; None without one."""
        verdict = self.verdicts.get(subject.id)
        code = code_of(subject, self.environment.device)
        if verdict is None or (verdict.digest, verdict.code) != (subject.digest, code):
            return None
        return verdict


def verdict_of(subject: Subject, outcome: Outcome, *, device: str = "cpu") -> Verdict:
    """Return the verdict of an outcome on a device."""
    reason = outcome.reason.split("\n")[0]
    return Verdict(
        subject.digest,
        outcome.status,
        reason,
        outcome.examples,
        outcome.checked,
        code_of(subject, device),
    )


def could_not_run(subject: Subject, status: Status, environment: Environment) -> bool:
    """Return True if the subject was skipped for something this machine lacks, like a browser.

    Such an outcome is not recorded, so the verdict of another machine stays.
    """
    return status == "skipped" and not skip_reason(subject, environment.device, environment)


def read_records(folder: Path) -> list[Record]:
    """Read all records of a folder, sorted by environment; raises RecordError."""
    records, problems = records_and_problems(folder)
    for path, message in problems.items():
        raise RecordError(f"{path}: {message}")
    return records


def records_and_problems(folder: Path) -> tuple[list[Record], dict[Path, str]]:
    """Read the records of a folder; return the errors of unreadable ones by path."""
    records: dict[str, tuple[Record, Path]] = {}
    problems = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = read_record(path)
        except RecordError as error:
            problems[path] = str(error).removeprefix(f"{path}: ")
            continue
        release = release_of(record.environment.torch)
        first = records.setdefault(record.environment.id, (record, path))[1]
        if first != path:
            problems[path] = (
                f"second record of {record.environment.id}, the first is {first.name}; "
                "delete the one that is out of date"
            )
        elif not LOWEST <= release < BELOW:
            problems[path] = (
                f"record of torch {record.environment.torch}, which these pages do not cover; "
                "delete it, or widen the range in finding/marks.py and pyproject.toml"
            )
            del records[record.environment.id]
    return [records[key][0] for key in sorted(records)], problems


def read_record(path: Path) -> Record:
    """Read a record; raises RecordError if it is truncated or of another format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecordError(
            f"{path}: line {getattr(error, 'lineno', 1)}: not a complete record ({error}); "
            f"delete it and run `{RECORD}`"
        ) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise RecordError(f"{path}: {_foreign(data)}")
    try:
        return Record(
            Environment(**data["environment"]),
            {key: Verdict(**value) for key, value in data["verdicts"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError(
            f"{path}: line 1: a field is missing or unknown ({error}); delete it and run `{RECORD}`"
        ) from None


def _foreign(data: object) -> str:
    """Return the next step for a record of another format."""
    found = data.get("schema") if isinstance(data, dict) else None
    seen = data.get("environment") if isinstance(data, dict) else None
    again = f"delete it and run `{RECORD}`"
    if isinstance(seen, dict) and isinstance(seen.get("torch"), str):
        command = RECORD.replace("doctest", "doctest-torch{}{}".format(*release_of(seen["torch"])))
        again = f"delete it and run torch {seen['torch']} again with `{command}`"
    return f"record of format {found!r}, this torchproof reads format {SCHEMA}; {again}"


def write_verdicts(
    folder: Path,
    environment: Environment,
    verdicts: Mapping[str, Verdict],
    *,
    known: Iterable[str] | None = None,
) -> Path:
    """Merge verdicts into the record of an environment and return its path.

    `known` are the subjects that still exist; the verdicts of others are dropped. Processes that
    write at the same time wait for each other, and no reader sees half a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{environment.id}.json"
    with FileLock(_lock_path(path), timeout=_LOCK_LIMIT):
        merged = dict(read_record(path).verdicts) if path.exists() else {}
        merged.update(verdicts)
        if known is not None:
            keep = {*known, *verdicts}
            merged = {key: value for key, value in merged.items() if key in keep}
        data = {
            "schema": SCHEMA,
            "environment": asdict(environment),
            "verdicts": {key: _compact(merged[key]) for key in sorted(merged)},
        }
        write_atomically(path, json.dumps(data, indent=1) + "\n")
    return path


def _lock_path(path: Path) -> Path:
    # In the user's own folder: no lock stays in the repository, and nobody else can plant a file
    # under its name.
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    try:
        return make_private(cache_folder()) / f"record-{name}.lock"
    except (OSError, RuntimeError) as error:
        raise RecordError(
            f"{path}: cannot create its lock ({error}); set $TORCHPROOF_CACHE to a folder of yours"
        ) from None


def _compact(verdict: Verdict) -> dict[str, Any]:
    data: dict[str, Any] = {
        "digest": verdict.digest,
        "code": verdict.code,
        "status": verdict.status,
    }
    if verdict.reason:
        data["reason"] = verdict.reason
    if verdict.checked:
        data |= {"examples": verdict.examples, "checked": verdict.checked}
    return data
