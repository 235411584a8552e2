"""Read the questions and messages that sections answer, from docs/questions.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchproof.finding.subjects import Problem
from torchproof.finding.toml_lines import parse_toml

_HEAD = re.compile(r'\s*\[("(?:[^"\\]|\\.)*")\]')
_KEYS = ("questions", "messages")


@dataclass(frozen=True)
class Asked:
    """What readers type who look for one section."""

    questions: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


def read_questions(path: Path, *, known: Collection[str]) -> tuple[dict[str, Asked], list[Problem]]:
    """Read what is asked of sections, with a problem and its line for each invalid table.

    The name of a table is the address of a section, `PAGE#ANCHOR` or `PAGE`; `known` are all
    addresses. Without a file nothing is asked.
    """
    if not path.exists():
        return {}, []
    text = path.read_text(encoding="utf-8")
    data, problem = parse_toml(text, file=str(path))
    if problem is not None:
        return {}, [problem]
    lines = _lines(text)
    asked: dict[str, Asked] = {}
    problems = []
    seen: dict[str, str] = {}
    for address, values in data.items():
        mistakes = list(_mistakes(address, values, known, seen))
        problems += [Problem(str(path), lines.get(address, 1), mistake) for mistake in mistakes]
        if not mistakes:
            asked[address] = Asked(**{key: tuple(values.get(key, ())) for key in _KEYS})
            seen |= dict.fromkeys(values.get("questions", ()), address)
    return asked, problems


def _lines(text: str) -> dict[str, int]:
    """Return the line of each table by its name."""
    found = ((number, _HEAD.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return {json.loads(head[1]): number for number, head in found if head}


def _mistakes(
    address: str, values: Any, known: Collection[str], seen: dict[str, str]
) -> Iterator[str]:
    if not isinstance(values, dict):
        yield f'{address!r} is no table; begin one with ["PAGE#ANCHOR"]'
        return
    if address not in known:
        yield (
            f"there is no section {address}; give the page without its ending and the anchor of a "
            "heading, as in nn-module/gradients#requires-grad"
        )
    if unknown := sorted(values.keys() - set(_KEYS)):
        yield f"{address} has an unknown key: {', '.join(unknown)}; known are {', '.join(_KEYS)}"
    if not all(is_strings(values.get(key, [])) for key in _KEYS):
        yield f"{address}: questions and messages have to be lists of strings"
        return
    for question in values.get("questions", []):
        if question in seen:
            yield f"{question!r} is asked of {seen[question]} too; one of them answers it first"


def is_strings(values: Any) -> bool:
    """Return whether a value of a TOML file is a list of strings."""
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
