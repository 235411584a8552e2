"""Read what the search knows besides sections, from docs/search.toml: pages aside, and synonyms."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchproof.finding.subjects import Problem
from torchproof.finding.toml_lines import parse_toml
from torchproof.sphinx_ext.search.questions import is_strings


@dataclass(frozen=True)
class Settings:
    """The content of the file; without one nothing is set."""

    aside: frozenset[str] = frozenset()
    """Pages that list or mention what others explain."""
    synonyms: tuple[tuple[str, ...], ...] = ()
    """Groups of words that count as the first of them."""


def read_settings(path: Path, *, pages: Collection[str]) -> tuple[Settings, list[Problem]]:
    """Read the file, with a problem and its line for each mistake; `pages` are all docnames."""
    if not path.exists():
        return Settings(), []
    text = path.read_text(encoding="utf-8")
    data, problem = parse_toml(text, file=str(path))
    if problem is not None:
        return Settings(), [problem]
    mistakes = list(_mistakes(data, pages))
    if mistakes:
        return Settings(), [
            Problem(str(path), _line(text, word), mistake) for word, mistake in mistakes
        ]
    groups = tuple(tuple(group) for group in data.get("synonyms", []))
    return Settings(frozenset(data.get("aside", [])), groups), []


def _mistakes(data: dict[str, Any], pages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each mistake after the word that shows its line."""
    for key in sorted(data.keys() - {"aside", "synonyms"}):
        yield key, f"unknown key {key}; known are aside and synonyms"
    aside, synonyms = data.get("aside", []), data.get("synonyms", [])
    if not is_strings(aside):
        yield "aside", "aside has to be a list of pages"
    else:
        for page in aside:
            if page not in pages:
                yield f'"{page}"', f"there is no page {page}; give it as in visdom/line"
    if not isinstance(synonyms, list) or not all(is_strings(group) for group in synonyms):
        yield "synonyms", "synonyms has to be a list of lists of words"


def _line(text: str, word: str) -> int:
    """Return the line that holds a word, else the first."""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if word in line), 1)
