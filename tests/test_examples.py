"""The subjects and problems of a page: a page goes in, what is found stands beside it.

Each case is one behaviour: `cases/NAME.md` is the page, `cases/NAME.txt` what is found in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from torchproof.finding.marks import describe
from torchproof.finding.pages import find_in_page
from torchproof.finding.subjects import DEFAULT_LIMIT, Example, Found, Subject

CASES = Path(__file__).with_name("cases")


def shown(found: Found) -> Iterator[str]:
    """Yield the problems of a page; the subjects of one that has none."""
    if found.problems:
        yield from map(str, found.problems)
        return
    for subject in found.subjects:
        yield from shown_subject(subject)


def shown_subject(subject: Subject) -> Iterator[str]:
    yield f"{subject.file}:{subject.line}: {subject.id}"
    if subject.title != subject.id.partition("::")[2]:
        yield f"  title {subject.title}"
    if subject.names:
        yield f"  names {' '.join(subject.names)}"
    if subject.only:
        yield f"  only {subject.only} because {subject.because}"
    if subject.needs:
        yield f"  needs {subject.needs}"
    if subject.marks:
        yield f"  marks {describe(subject.marks)}"
    if subject.limit != DEFAULT_LIMIT:
        yield f"  limit {subject.limit:g} s"
    yield f"  checked {subject.checked}"
    for kind, examples in (("set-up", subject.setup), ("example", subject.examples)):
        for example in examples:
            yield f"  {example.line}: {kind}"
            yield from shown_example(example)


def shown_example(example: Example) -> Iterator[str]:
    if example.marks:
        yield f"    {describe(example.marks)}: {example.change}"
    for picture in example.pictures:
        yield f"    {picture}"
    for statement in example.statements:
        yield f"    {statement.line}: {statement.source!r} -> {statement.want!r}"
        if statement.raises:
            yield f"      raises {statement.raises!r}"


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.md")))
def test_case(name: str) -> None:
    found = find_in_page(CASES / f"{name}.md", root=CASES)
    expected = (CASES / f"{name}.txt").read_text(encoding="utf-8")
    assert "".join(f"{line}\n" for line in shown(found)) == expected


def test_every_case_has_both_files() -> None:
    pages = {path.stem for path in CASES.glob("*.md")}
    assert pages == {path.stem for path in CASES.glob("*.txt")}
    assert len(pages) > 50
