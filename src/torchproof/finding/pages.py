"""Find the examples of a page: the `{doctest}` blocks of each entry, with exact lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torchproof.devices import ANY_ACCELERATOR, DEVICES, KNOWN
from torchproof.finding.markdown import CODE, Block, blocks, split_options
from torchproof.finding.marks import check_marks
from torchproof.finding.statements import BadBlock, parse_statements
from torchproof.finding.subjects import (
    DEFAULT_LIMIT,
    NEEDS,
    Example,
    Found,
    Marks,
    Picture,
    Problem,
    Subject,
)

_PROMPT = re.compile(r"^\s*>>>( |$)", re.MULTILINE)
_MARKS = ("since", "until", "python")
_HEAD_OPTIONS = {"only", "because", "needs", "timeout", *_MARKS}
_EXAMPLE_OPTIONS = {"graph", "tree", "trace", "saved", "pane", "alt", *_MARKS, "change"}


def find_in_page(path: Path, *, root: Path) -> Found:
    """Find the subjects of a MyST page, and the problems that would leave one unchecked."""
    text = path.read_text(encoding="utf-8")
    return _Page(path.relative_to(root).as_posix(), text).found()


@dataclass
class _Section:
    title: str
    line: int
    names: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    head_line: int = 0
    blocks: int = 0
    """Number of `{doctest}` blocks, including unreadable ones."""

    @property
    def slug(self) -> str:
        return re.sub(r"[^\w.]+", "-", self.title).strip("-")


class _Page:
    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[Problem] = []
        self.opening = _Section("", 1)
        self.sections: list[_Section] = []

    def found(self) -> Found:
        for token in blocks(self.text):
            self._read(token)
        subjects = tuple(self._subjects())
        return Found(subjects, tuple(sorted(self.problems)))

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    @property
    def _current(self) -> _Section:
        return self.sections[-1] if self.sections else self.opening

    def _read(self, token: Block) -> None:
        if token.heading:
            self.sections.append(_Section(token.text, token.line))
        elif token.directive in {"entry", "subject"}:
            self._read_head(token)
        elif token.directive == "doctest":
            self._current.blocks += 1
            example = self._read_example(token)
            if example is not None:
                self._current.examples.append(example)
        elif token.directive in CODE | {""} and _PROMPT.search(token.text):
            self._problem(
                token.line, "`>>>` in a block that nobody checks; make it a {doctest} block"
            )

    def _read_head(self, token: Block) -> None:
        """Read an {entry}, or a {subject}, which takes the same options but no public names."""
        section, what = self._current, f"{{{token.directive}}}"
        if section is self.opening:
            self._problem(token.line, f"{what} stands before the first `##` heading; move it below")
            return
        if section.head_line:
            self._problem(
                token.line,
                f"second head of the section '{section.title}', the first is in line "
                f"{section.head_line}; make it one",
            )
            return
        section.head_line = token.line
        section.names = token.argument.split()
        section.options, _ = split_options(token.text)
        if token.directive == "entry" and not section.names:
            self._problem(token.line, "{entry} without a name; give it the full public name")
        for key in sorted(set(section.options) - _HEAD_OPTIONS):
            self._problem(token.line, f"{what} has no option :{key}:")
        self._check_device(token.line, section.options)
        needs = section.options.get("needs", NEEDS[0])
        if needs not in NEEDS:
            self._problem(token.line, f":needs: takes {' or '.join(NEEDS)}, not {needs!r}")
            del section.options["needs"]
        timeout = section.options.get("timeout", "1")
        if not timeout.replace(".", "", 1).isdecimal() or float(timeout) <= 0:
            self._problem(token.line, f":timeout: takes seconds, not {timeout!r}")
            del section.options["timeout"]
        # The name says what was added or removed, so an {entry} needs no :change:.
        section.marks = self._marks(token.line, section.options, change=section.title)

    def _check_device(self, line: int, options: dict[str, str]) -> None:
        only = options.get("only")
        if only is not None and only != ANY_ACCELERATOR and only not in DEVICES:
            known = f"{KNOWN} and {ANY_ACCELERATOR}"
            self._problem(line, f"unknown device {only!r} in :only:; known are {known}")
        if only is not None and not options.get("because"):
            self._problem(line, ":only: without :because:; say why other devices are left out")

    def _marks(self, line: int, options: dict[str, str], *, change: str) -> Marks:
        marks = Marks(**{option: options.get(option, "") for option in _MARKS})
        problem = check_marks(marks, change=change if marks else options.get("change", ""))
        if problem is not None:
            self._problem(line, problem)
            return Marks()
        return marks

    def _read_example(self, token: Block) -> Example | None:
        options, skipped = split_options(token.text)
        for key in sorted(set(options) - _EXAMPLE_OPTIONS):
            self._problem(token.line, f"{{doctest}} has no option :{key}:")
        body = "\n".join(token.text.split("\n")[skipped:])
        first = token.line + 1 + skipped
        if not _PROMPT.search(body):
            self._problem(token.line, "{doctest} block with no `>>>`: nothing in it would run")
            return None
        try:
            statements = tuple(parse_statements(body, first))
        except BadBlock as error:
            self._problem(error.line, str(error))
            return None
        for statement in statements:
            if statement.want.strip() in {"...", "…"}:
                self._problem(statement.line, "expected output `...` accepts anything; say more")
        if self.sections and not sum(s.checked for s in statements):
            self._problem(
                token.line,
                "nobody checks this example: give it expected output or an `assert`",
            )
        change = options.get("change", "")
        marks = self._marks(token.line, options, change=change)
        if marks and not self.sections:
            self._problem(token.line, "the set-up block holds everywhere; mark an example")
        return Example(
            token.line, statements, self._pictures(token.line, options), marks=marks, change=change
        )

    def _pictures(self, line: int, options: dict[str, str]) -> tuple[Picture, ...]:
        pictures = []
        if name := options.get("graph"):
            pictures.append(Picture("graph", name, saved="saved" in options))
        if name := options.get("tree"):
            pictures.append(Picture("tree", name))
        if name := options.get("trace"):
            pictures.append(Picture("trace", name))
        if pane := options.get("pane"):
            name, _, env = pane.partition(" ")
            alt = options.get("alt", "")
            if not alt:
                self._problem(line, ":pane: without :alt:; say in words what the pane shows")
            pictures.append(Picture("pane", name, env=env.strip() or "main", alt=alt))
        if pictures and not self.sections:
            self._problem(
                line, "the set-up block has no picture; give it to an example of a section"
            )
        return tuple(pictures)

    def _subjects(self) -> Iterator[Subject]:
        live = [s for s in self.sections if s.blocks or s.head_line]
        if live and not self.opening.blocks:
            self._problem(
                live[0].line,
                "page without set-up block; put a {doctest} block with the imports "
                "before the first `##` heading",
            )
        if self.opening.examples and not live:
            self._problem(
                self.opening.examples[0].line,
                "examples before the first `##` heading are set-up, and no section with examples "
                "follows: nothing here would run",
            )
        seen: dict[str, int] = {}
        for section in live:
            if not section.examples:
                if not section.blocks:
                    self._problem(
                        section.head_line,
                        f"{', '.join(section.names) or section.title} documented without a "
                        "checked example; add one",
                    )
                continue
            if section.slug in seen:
                self._problem(
                    section.line,
                    f"second section '{section.slug}', the first is in line {seen[section.slug]}; "
                    "give one another heading",
                )
                continue
            seen[section.slug] = section.line
            yield Subject(
                id=f"{self.file}::{section.slug}",
                kind="entry",
                file=self.file,
                line=section.line,
                title=section.title,
                names=tuple(section.names),
                setup=tuple(self.opening.examples),
                examples=tuple(section.examples),
                only=section.options.get("only"),
                because=section.options.get("because", ""),
                needs=section.options.get("needs", ""),
                marks=section.marks,
                limit=float(section.options.get("timeout", DEFAULT_LIMIT)),
            )
