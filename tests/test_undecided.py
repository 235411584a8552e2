"""A mark needs a record of each of its sides, or the build says which is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sites import page
from trees import NO_TORCH, line_of, section, write_tree

from torchproof.finding.subjects import Found
from torchproof.finding.tree import find_in_tree
from torchproof.records.proof import prove
from torchproof.records.record import write_verdicts
from torchproof.records.undecided import undecided_marks
from torchproof.running.environment import Environment

PLAIN = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "x86_64", "AVX2", "cpu")


def marked(root: Path, block: str = "", *, section_marks: str = "") -> Found:
    """Return a page with one section, whose block has options."""
    text = page(section("marked", f"{block}\n\n>>> 1\n1", options=section_marks), setup=NO_TORCH)
    return find_in_tree(write_tree(root, {"docs/page.md": text}))


def recorded(*versions: str) -> list[Environment]:
    """Return environments of releases of torch, or of Pythons."""
    return [
        replace(PLAIN, python=version)
        if version.startswith("3.")
        else replace(PLAIN, torch=version)
        for version in versions
    ]


@pytest.mark.parametrize(
    ("options", "versions", "missing"),
    [
        (":since: 2.12\n:change: it is", ["2.12.0"], ["torch 2.11"]),
        (":since: 2.12\n:change: it is", ["2.11.0", "2.12.1"], []),
        (":since: 2.12\n:change: it is", ["2.10.0"], ["torch 2.11", "torch 2.12"]),
        (":until: 2.9\n:change: it is", ["2.9.1"], ["torch 2.10"]),
        (":until: 2.9\n:change: it is", ["2.9.1", "2.10.0"], []),
        (
            ":since: 2.8\n:until: 2.9\n:change: it is",
            ["2.8.0", "2.9.1"],
            ["torch 2.7", "torch 2.10"],
        ),
        (":python: 3.13\n:change: it is", ["3.13"], ["Python 3.12"]),
        (":python: <3.13\n:change: it is", ["3.12"], ["Python 3.13"]),
        (":python: 3.13\n:change: it is", ["3.12", "3.13"], []),
    ],
)
def test_each_side_of_a_mark_needs_a_record(
    tmp_path: Path, options: str, versions: list[str], missing: list[str]
) -> None:
    found = marked(tmp_path, options)
    assert found.problems == ()
    problems = list(undecided_marks(found, recorded(*versions)))
    text = (tmp_path / "docs/page.md").read_text()
    assert {problem.line for problem in problems} <= {
        line_of(text, ":change:") - options.count("\n") - 1
    }
    assert [p.message.split("without a record of ")[1].split(";")[0] for p in problems] == missing


def test_the_message_names_the_command(tmp_path: Path) -> None:
    (problem,) = undecided_marks(marked(tmp_path, section_marks=":since: 2.12"), recorded("2.12.0"))
    assert problem.message == (
        ":since: 2.12 cannot be decided without a record of torch 2.11; run "
        "`tox -e doctest-torch211 -- --record`"
    )


def test_a_build_names_what_is_undecided_once_there_are_records(tmp_path: Path) -> None:
    found = marked(tmp_path, section_marks=":since: 2.9")

    def messages() -> list[str]:
        cache = tmp_path / "cache"
        proof = prove(found, root=tmp_path, verified=tmp_path / "verified", cache=cache)
        return [problem.message.split(";")[0] for problem in proof.problems]

    assert messages() == []
    write_verdicts(tmp_path / "verified", replace(PLAIN, torch="2.9.1"), {})
    assert messages() == [":since: 2.9 cannot be decided without a record of torch 2.8"]
