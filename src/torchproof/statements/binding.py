"""Bind each statement of a page to the block that proves it, by its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from torchproof.finding.markdown import split_options
from torchproof.statements.parts import Part, Shape, parts
from torchproof.statements.universal import CODE, scoped_words, searches, universal_words

LONGEST = 2
"""Most sentences of a paragraph before its block."""
_ROWS = {Shape.ROW, Shape.PARAMETER}
_LINK = re.compile(r"\[[^\]]*\]\([^)]+\)|\{[\w:]+\}`[^`]+`")
_ENDING = re.compile(r"[.!?]['\")*_]*(?=\s+\S|\s*$)")
_SHORT = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf)\.", re.I)
_PROMPTS = re.compile(r"^(?:>>>|\.\.\.)( |$)", re.MULTILINE)


class Standing(Enum):
    """How far a statement is proven."""

    PROVEN = "proven"
    """A block that runs follows it."""
    LINKED = "linked"
    """It points to where it is proven."""
    REPORTED = "reported"
    """It cannot be run here; its source is named."""
    EXPLAINED = "explained"
    """It claims nothing."""


@dataclass(frozen=True)
class Statement:
    """A paragraph, a row of a table or an item of a list."""

    line: int
    text: str
    standing: Standing


@dataclass(frozen=True)
class Fault:
    """What is wrong with a statement, and what to do."""

    line: int
    message: str


@dataclass(frozen=True)
class PageStatements:
    """The statements of one page, and the faults among them."""

    statements: tuple[Statement, ...]
    faults: tuple[Fault, ...]

    def number(self, standing: Standing) -> int:
        """Return how many statements stand so."""
        return sum(statement.standing is standing for statement in self.statements)


def read_statements(text: str) -> PageStatements:
    """Return the statements of a MyST page."""
    found = [part for part in parts(text) if part.shape is not Shape.OTHER and not _sets_up(part)]
    bound = list(_bind(found))
    return PageStatements(
        tuple(item for item in bound if isinstance(item, Statement)),
        tuple(sorted((i for i in bound if isinstance(i, Fault)), key=lambda fault: fault.line)),
    )


def sentences(text: str) -> int:
    """Return the number of sentences of a paragraph; a code span counts as a word."""
    plain = _SHORT.sub("such", CODE.sub("Code", _LINK.sub("Link", text)))
    return len(_ENDING.findall(plain)) or 1


def _bind(found: Sequence[Part]) -> Iterator[Statement | Fault]:
    for index, part in enumerate(found):
        if part.shape is Shape.EXPLAINED:
            yield Statement(part.line, part.text, Standing.EXPLAINED)
        elif part.shape is Shape.REPORTED:
            yield from _reported(part)
        elif part.shape is Shape.SCOPE:
            yield from _needed(found, index)
        elif part.shape is Shape.PARAGRAPH:
            yield from _paragraph(found, index)
        elif part.shape is Shape.ROW:
            yield from _row(found, index)
        elif part.shape is Shape.PARAMETER:
            yield from _parameter(found, index)


def _sets_up(part: Part) -> bool:
    """Return whether a block compares nothing: it sets up a page, and proves no sentence."""
    return part.shape is Shape.BLOCK and _outputs(part.text) == 0


def _reported(part: Part) -> Iterator[Statement | Fault]:
    source, _, text = part.text.partition("\n")
    yield Statement(part.line, text, Standing.REPORTED)
    if not source.strip():
        yield Fault(part.line, "a reported statement names no source: write `{reported} SOURCE`")


def _paragraph(found: Sequence[Part], index: int) -> Iterator[Statement | Fault]:
    part = found[index]
    proof = _next(found, index)
    if proof is not None and proof.shape is Shape.BLOCK:
        yield Statement(part.line, part.text, Standing.PROVEN)
        if sentences(part.text) > LONGEST:
            yield Fault(
                part.line,
                f"{sentences(part.text)} sentences before one block: give each block at most "
                f"{LONGEST}, or explain the rest in {{explained}}",
            )
        yield from _universal(found, index, proof.text)
    elif proof is not None and proof.shape in _ROWS and part.text.rstrip().endswith(":"):
        yield Statement(part.line, part.text, Standing.EXPLAINED)
    elif len(_LINK.findall(part.text)) >= sentences(part.text):
        yield Statement(part.line, part.text, Standing.LINKED)
        yield from _universal(found, index, "")
    else:
        yield Fault(
            part.line,
            f"no block proves “{_beginning(part.text)}”: put its {{doctest}} block after it, link "
            "where it is proven, or mark it as {explained} or {reported}",
        )


def _row(found: Sequence[Part], index: int) -> Iterator[Statement | Fault]:
    part = found[index]
    proof = _after_group(found, index)
    if _LINK.search(part.text):
        yield Statement(part.line, part.text, Standing.LINKED)
        yield from _universal(found, index, proof.text if proof else "")
    elif proof is not None:
        yield Statement(part.line, part.text, Standing.PROVEN)
        yield from _universal(found, index, proof.text)
        rows = [other for other in found if other.group == part.group]
        few = _outputs(proof.text) < len(rows) and not searches(proof.text)
        if part is rows[-1] and few:
            yield Fault(
                proof.line,
                f"{len(rows)} rows stand before a block of {_outputs(proof.text)} lines: assert "
                "each row, or link the block that proves it",
            )
    else:
        yield Fault(
            part.line,
            f"no block proves the row “{_beginning(part.text)}”: link the section that does, or "
            "put a {doctest} block after the table",
        )


def _parameter(found: Sequence[Part], index: int) -> Iterator[Statement | Fault]:
    """Yield the row of a parameter: the block that proves it stands elsewhere, so it has a link."""
    part = found[index]
    yield Statement(part.line, part.text, Standing.LINKED)
    yield from _universal(found, index, "")
    if not _LINK.search(part.text):
        yield Fault(
            part.line,
            f"the parameter “{_beginning(part.text)}” has no link: link the section that shows "
            "what it does, as in [its effect](#SECTION)",
        )


def _next(found: Sequence[Part], index: int) -> Part | None:
    return found[index + 1] if index + 1 < len(found) else None


def _after_group(found: Sequence[Part], index: int) -> Part | None:
    """Return the block after a table or list; one paragraph may stand between."""
    group = found[index].group
    rest = [part for part in found[index:] if part.group != group]
    if rest and rest[0].shape is Shape.PARAGRAPH:
        rest = rest[1:]
    return rest[0] if rest and rest[0].shape is Shape.BLOCK else None


def _outputs(code: str) -> int:
    """Return the number of lines of output and of asserts."""
    _, options = split_options(code)
    lines = [line for line in code.split("\n")[options:] if line.strip()]
    asserts = sum("assert " in line for line in lines)
    return asserts + sum(_PROMPTS.match(line) is None for line in lines)


def _universal(found: Sequence[Part], index: int, code: str) -> Iterator[Fault]:
    part = found[index]
    words = universal_words(part.text)
    scoped = _scoped(found, index)
    left = [word for word in words if word not in scoped]
    if left and not searches(code):
        yield Fault(
            part.line,
            f"“{_beginning(part.text)}” says {', '.join(map(repr, left))}, and its block goes "
            "through no space: let it, name the scope in the sentence, or give a reason: "
            f"% scope({', '.join(left)}): REASON",
        )


def _scoped(found: Sequence[Part], index: int) -> set[str]:
    """Return the words that the comments directly before a part, or before its table, explain."""
    group = found[index].group
    while index > 0 and group and found[index - 1].group == group:
        index -= 1
    words: set[str] = set()
    while index > 0 and found[index - 1].shape is Shape.SCOPE:
        index -= 1
        words.update(scoped_words(found[index].text) or ())
    return words


def _needed(found: Sequence[Part], index: int) -> Iterator[Fault]:
    """Yield a fault for a comment that no universal word needs."""
    part = found[index]
    named = scoped_words(part.text)
    if named is None:
        yield Fault(part.line, f"{part.text!r} is not written `% scope(WORD, …): REASON`")
        return
    after = [p for p in found[index + 1 :] if p.shape is not Shape.SCOPE]
    explained = after[:1]
    if after and after[0].group:
        explained = [p for p in after if p.group == after[0].group]
    words = {w for p in explained for w in universal_words(p.text)}
    unneeded = [word for word in named if word not in words]
    if unneeded:
        yield Fault(
            part.line,
            f"nothing after it says {', '.join(map(repr, unneeded))}: remove the word from `scope`",
        )


def _beginning(text: str) -> str:
    words = re.sub(r"\s+", " ", text).strip()
    return words if len(words) <= 60 else words[:57].rsplit(" ", 1)[0] + " …"
