"""Equivalent faults: changes that no program can notice, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torchproof.finding.subjects import Problem
from torchproof.finding.toml_lines import lines_of_tables, parse_toml
from torchproof.mutants.results import COMMAND

FILE = "equivalent.toml"


@dataclass(frozen=True)
class Equivalents:
    """The reasons of the equivalent faults by id, and what is wrong with their file."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_equivalents(path: Path, known: Mapping[str, str]) -> Equivalents:
    """Read the file; `known` is the status of each fault that there is, empty for an untried one.

    A fault that was caught, and one that there is not, is a problem.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Equivalents()
    data, problem = parse_toml(text, file=str(path))
    if problem is not None:
        return Equivalents({}, (problem,))
    lines = lines_of_tables(text, "equivalent")
    tables = data.get("equivalent", [])
    if not isinstance(tables, list) or len(tables) != len(lines) or data.keys() - {"equivalent"}:
        message = "an equivalent fault begins with [[equivalent]] on a line of its own"
        return Equivalents({}, (Problem(str(path), 1, message),))
    reasons: dict[str, str] = {}
    problems = []
    for line, table in zip(lines, tables, strict=True):
        problems += [Problem(str(path), line, m) for m in _mistakes(table, reasons, known)]
        for fault in table.get("faults", []):
            reasons.setdefault(fault, str(table.get("reason", "")))
    return Equivalents(reasons, tuple(problems))


def _mistakes(
    table: Mapping[str, Any], before: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[str]:
    if not str(table.get("reason", "")).strip():
        yield "equivalent without `reason`: say why no program can notice it"
    if not table.get("faults"):
        yield "equivalent without `faults`: list the ids that the reason holds for"
    if unknown := sorted(table.keys() - {"reason", "faults"}):
        yield f"equivalent with an unknown key: {', '.join(unknown)}"
    faults = table.get("faults", [])
    for index, fault in enumerate(faults):
        if fault in before or fault in faults[:index]:
            yield f"{fault} stands here twice; keep one"
        elif fault not in known:
            yield (
                f"{fault} is not among the faults: the code has changed; remove the id, and see "
                f"with `{COMMAND}` what took its place"
            )
        elif known[fault] == "caught":
            yield f"{fault} was caught, so it is not equivalent; remove the id"
