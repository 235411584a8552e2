"""Read the note of 2019, item by item: what it says, what holds today, and the proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from torchproof.finding.subjects import Problem
from torchproof.finding.toml_lines import lines_of_tables, parse_toml

VERDICTS = ("holds", "caveat", "no longer", "never", "unverifiable", "missing")


@dataclass(frozen=True)
class Row:
    """One item; `then` and `then_zh` are empty for facts that the note lacks."""

    id: str
    topic: str
    verdict: str
    now: str
    subject: str
    then: str = ""
    then_zh: str = ""


def read_rows(
    path: Path, *, holding: Collection[str], known: Collection[str]
) -> tuple[list[Row], list[Problem]]:
    """Read the rows of a file, with a problem and its line for each invalid row.

    `holding` are the ids of subjects that passed in some environment, `known` all ids.
    """
    text = path.read_text(encoding="utf-8")
    data, problem = parse_toml(text, file=str(path))
    if problem is not None:
        return [], [problem]
    lines = lines_of_tables(text, "row")
    tables = data.get("row", [])
    if not isinstance(tables, list) or len(tables) != len(lines):
        return [], [Problem(str(path), 1, "a row begins with [[row]] on a line of its own")]
    rows: list[Row] = []
    problems = []
    seen: dict[str, int] = {}
    for line, values in zip(lines, tables, strict=True):
        mistakes = list(_mistakes(values, holding, known))
        if not mistakes and values["id"] in seen:
            mistakes = [f"second row {values['id']}, the first is in line {seen[values['id']]}"]
        problems += [Problem(str(path), line, mistake) for mistake in mistakes]
        if not mistakes:
            seen[values["id"]] = line
            rows.append(Row(**values))
    return rows, problems


def _mistakes(
    values: dict[str, str], holding: Collection[str], known: Collection[str]
) -> Iterator[str]:
    name = values.get("id", "without id")
    needed = ["id", "topic", "verdict", "now", "subject"]
    if values.get("verdict") != "missing":
        needed += ["then", "then_zh"]
    missing = [key for key in needed if not str(values.get(key, "")).strip()]
    unknown = sorted(values.keys() - {field.name for field in fields(Row)})
    if missing:
        yield f"row {name} has no {', '.join(missing)}"
    if unknown:
        yield f"row {name} has an unknown key: {', '.join(unknown)}"
    if values.get("verdict", "holds") not in VERDICTS:
        yield f"row {name}: {values['verdict']!r} is no verdict; known are {', '.join(VERDICTS)}"
    subject = values.get("subject")
    if subject and subject not in known:
        yield f"row {name}: there is no subject {subject}; name the section that proves the row"
    elif subject and subject not in holding:
        yield f"row {name}: {subject} passed nowhere as it stands now; a row needs a proof"
