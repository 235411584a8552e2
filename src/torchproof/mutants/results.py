"""The results of planted faults: one JSON file for each area, in `docs/mutants`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject

SCHEMA = 1
COMMAND = "tox -e mutants"
Status = Literal["caught", "survived", "unreached"]
"""`unreached`: no subject of the entry runs the changed statement."""


class ResultsError(ValueError):
    """A file of results cannot be read; the message says which, and what to do."""


@dataclass(frozen=True)
class Result:
    """What became of a fault."""

    id: str
    name: str
    """Documented name that answers for it."""
    kind: str
    status: Status
    digest: str
    """Of the subjects that decided it: of the one that noticed, or of all that might have."""
    by: str = ""
    """Subject that noticed."""
    how: str = ""
    """Line at which the subject noticed, or how else it ended."""
    tried: tuple[str, ...] = ()
    """Subjects that ran with the fault and did not notice."""
    place: str = ""
    """File, relative to its package's folder, and line."""
    before: str = ""
    after: str = ""
    """Changed statement, before and after."""


@dataclass(frozen=True)
class Area:
    """The results of one area, for one version of what it documents."""

    name: str
    versions: Mapping[str, str]
    """Versions of the packages that the faults are planted in."""
    generated: Mapping[str, int] = field(default_factory=dict)
    """Number of faults of each name, tried or not."""
    results: Mapping[str, Result] = field(default_factory=dict)


def read_area(folder: Path, name: str) -> Area | None:
    """Read the results of an area; None if there are none. Raises ResultsError."""
    path = folder / f"{name}.json"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ResultsError(
            f"{path}:{getattr(error, 'lineno', 1)}: not a complete file of results ({error}); "
            f"restore it from git, or delete it and run `{COMMAND}`"
        ) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ResultsError(f"{path}:1: results of another format; delete it and run `{COMMAND}`")
    try:
        results = {
            key: Result(id=key, **{**value, "tried": tuple(value.get("tried", ()))})
            for key, value in data["results"].items()
        }
        return Area(name, data["versions"], data["generated"], results)
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{path}:1: a field is missing or unknown ({error}); delete it and run `{COMMAND}`"
        ) from None


def read_areas(folder: Path) -> list[Area]:
    """Read the results of all areas; raises ResultsError."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    return [area for name in names if (area := read_area(folder, name)) is not None]


def write_area(folder: Path, area: Area) -> None:
    """Write the results of an area, one line for each, so that a diff names what changed."""
    lines = []
    for key in sorted(area.results):
        values = asdict(area.results[key])
        del values["id"]
        said = {k: v for k, v in values.items() if v or k in _ALWAYS}
        lines.append(f"  {json.dumps(key)}: {json.dumps(said, ensure_ascii=False)}")
    head = {"schema": SCHEMA, "versions": dict(sorted(area.versions.items()))}
    generated = json.dumps(dict(sorted(area.generated.items())), indent=1).replace("\n", "\n ")
    text = json.dumps(head)[1:-1]
    body = ",\n".join(lines)
    whole = f'{{{text},\n "generated": {generated},\n "results": {{\n{body}\n }}\n}}\n'
    write_atomically(folder / f"{area.name}.json", whole)


_ALWAYS = frozenset(f.name for f in fields(Result)) - {
    *("by", "how", "tried", "place", "before", "after"),
}


def digest_of_subjects(subjects: Iterable[Subject]) -> str:
    """Return the digest of the code of subjects: a result goes due when it changes."""
    text = "\n".join(sorted(f"{subject.id} {subject.digest}" for subject in subjects))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_current(
    result: Result, *, subjects: Mapping[str, Subject], candidates: Iterable[Subject]
) -> bool:
    """Return whether the subjects that decided a result are what they were."""
    if result.status == "caught":
        by = subjects.get(result.by)
        return by is not None and digest_of_subjects([by]) == result.digest
    tried = [subjects[key] for key in result.tried if key in subjects]
    deciding = {subject.id: subject for subject in (*candidates, *tried)}
    return digest_of_subjects(deciding.values()) == result.digest
