"""Read the reading order of the scripts: the chapters of docs/learn.toml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torchproof.finding.subjects import Found, Problem, Subject
from torchproof.finding.toml_lines import parse_toml

_SHOULD = {"heading": "one", "about": "one sentence", "scripts": "a list of paths"}


@dataclass(frozen=True)
class Chapter:
    """Scripts to be read one after the other."""

    heading: str
    about: str
    """One sentence."""
    scripts: tuple[Subject, ...]


@dataclass(frozen=True)
class ReadingOrder:
    """All scripts, by chapter."""

    chapters: tuple[Chapter, ...] = ()

    @property
    def scripts(self) -> tuple[Subject, ...]:
        """All scripts, in order."""
        return tuple(script for chapter in self.chapters for script in chapter.scripts)

    def around(self, file: str) -> tuple[Subject | None, Subject | None]:
        """Return the scripts before and after a file; both None if it is not in the order."""
        files = [script.file for script in self.scripts]
        if file not in files:
            return None, None
        at = files.index(file)
        padded = [None, *self.scripts, None]
        return padded[at], padded[at + 2]

    def place(self, file: str) -> tuple[int, Chapter] | None:
        """Return the chapter that contains the script of a file, and its number."""
        for number, chapter in enumerate(self.chapters, 1):
            if any(script.file == file for script in chapter.scripts):
                return number, chapter
        return None


def read_order(path: Path, found: Found, *, root: Path) -> tuple[ReadingOrder, tuple[Problem, ...]]:
    """Read the order of the scripts, and return it with its problems.

    Without the file the order is empty and there are no problems.
    """
    if not path.is_file():
        return ReadingOrder(), ()
    file = path.relative_to(root).as_posix()
    text = path.read_text(encoding="utf-8")
    data, problem = parse_toml(text, file=file)
    if problem is not None:
        return ReadingOrder(), (problem,)
    tables = data.get("chapter", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return ReadingOrder(), (Problem(file, 1, "a chapter begins with [[chapter]]"),)
    order = _Order(file, text, [s for s in found.subjects if s.kind == "script"])
    chapters = tuple(order.chapter(table) for table in tables)
    order.note_missing()
    return ReadingOrder(chapters), tuple(order.problems)


class _Order:
    def __init__(self, file: str, text: str, scripts: Iterable[Subject]) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.known = {script.file: script for script in scripts}
        self.placed: dict[str, int] = {}
        self.heads = 0
        self.problems: list[Problem] = []

    def chapter(self, data: dict[str, object]) -> Chapter:
        self.heads += 1
        heading, about, scripts = (data.get(key) for key in ("heading", "about", "scripts"))
        for key, value, kind in (
            ("heading", heading, str),
            ("about", about, str),
            ("scripts", scripts, list),
        ):
            if not isinstance(value, kind):
                line = self._line("[[chapter]]", number=self.heads)
                self._problem(line, f"chapter {heading!r} without {key}; give it {_SHOULD[key]}")
        listed = scripts if isinstance(scripts, list) else []
        return Chapter(
            heading=str(heading or ""),
            about=str(about or ""),
            scripts=tuple(s for s in map(self._script, map(str, listed)) if s is not None),
        )

    def _script(self, name: str) -> Subject | None:
        before = self.placed.get(name)
        line = self._line(f'"{name}"', number=2 if before else 1)
        self.placed.setdefault(name, line)
        if before:
            self._problem(line, f"{name} stands in line {before} already; keep one of the two")
            return None
        if name not in self.known:
            self._problem(line, f"no script {name}; correct the path or take it out")
        return self.known.get(name)

    def note_missing(self) -> None:
        for name in sorted(self.known.keys() - self.placed.keys()):
            message = f"the script has no place in the reading order; add it to {self.file}"
            self.problems.append(Problem(name, 1, message))

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def _line(self, text: str, *, number: int = 1) -> int:
        """Return the line of the nth occurrence of a text (tomllib reports no positions)."""
        lines = [n for n, line in enumerate(self.lines, 1) if text in line]
        return lines[number - 1] if number <= len(lines) else 1
