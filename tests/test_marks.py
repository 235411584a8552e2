"""Marks are checked from both sides: what is marked holds there, and does not hold elsewhere."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sites import SETUP, page
from trees import NO_TORCH, one_subject, section, write_tree

from torchproof.finding.marks import (
    PYTHONS,
    Versions,
    describe,
    hold_on,
    release_of,
    running_versions,
    skip_reason,
)
from torchproof.finding.pages import find_in_page
from torchproof.finding.subjects import Marks, Subject
from torchproof.finding.tree import find_in_tree
from torchproof.records.proof import Proof, prove
from torchproof.running.environment import describe_environment
from torchproof.running.probes import probes
from torchproof.running.worker import Worker

ROOT = Path(__file__).parents[1]
HERE = "{}.{}".format(*release_of(describe_environment("cpu").torch))
BEFORE, AFTER = "2.8", "2.15"
PYTHON = running_versions().python
ELSEWHERE = "<3.12" if release_of(PYTHON) > (3, 11) else "3.12"
"""A mark for Pythons that this one is not among."""
OURS = "3.12" if release_of(PYTHON) > (3, 11) else "<3.12"


@pytest.mark.parametrize(
    ("marks", "inside", "outside"),
    [
        (Marks(since="2.9"), ["2.9.0", "2.10.1", "2.15.0+cpu"], ["2.7.1", "2.8.0"]),
        (Marks(until="2.9"), ["2.7.1", "2.9.1"], ["2.10.0", "2.11.0"]),
        (Marks("2.9", "2.11"), ["2.9.0", "2.11.9"], ["2.8.0", "2.12.0"]),
        (Marks(), ["2.7.0", "2.15.1"], []),
    ],
)
def test_marks_hold_from_one_release_to_another(
    marks: Marks, inside: list[str], outside: list[str]
) -> None:
    assert all(hold_on(marks, Versions(version, "3.11")) for version in inside)
    assert not any(hold_on(marks, Versions(version, "3.11")) for version in outside)


@pytest.mark.parametrize(
    ("mark", "inside"),
    [
        ("3.12", ["3.12", "3.13", "3.14"]),
        ("<3.12", ["3.11"]),
        ("<3.14", ["3.11", "3.12", "3.13"]),
        ("", ["3.11", "3.12", "3.13", "3.14"]),
    ],
)
def test_mark_by_python_holds_from_a_version_on_or_before_it(mark: str, inside: list[str]) -> None:
    versions = ["{}.{}".format(*version) for version in PYTHONS]
    held = [v for v in versions if hold_on(Marks(python=mark), Versions("2.13.0", v))]
    assert held == inside


def test_mark_by_torch_and_python_holds_where_both_do() -> None:
    marks = Marks(since="2.9", python="3.13")
    assert hold_on(marks, Versions("2.9.1", "3.13"))
    assert not hold_on(marks, Versions("2.8.0", "3.13"))
    assert not hold_on(marks, Versions("2.9.1", "3.12"))


def test_pythons_of_the_marks_begin_where_the_package_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*PYTHONS[0])


def test_marks_are_told_in_words() -> None:
    assert describe(Marks(since="2.9")) == "since torch 2.9"
    assert describe(Marks(until="2.9")) == "up to torch 2.9"
    assert describe(Marks("2.9", "2.11")) == "torch 2.9 to 2.11"
    assert describe(Marks("2.9", "2.9")) == "torch 2.9 only"
    assert describe(Marks(python="3.13")) == "on Python 3.13 and later"
    assert describe(Marks(python="<3.13")) == "on Python before 3.13"
    assert describe(Marks("2.9", python="3.13")) == "since torch 2.9, on Python 3.13 and later"


def marked(root: Path, *blocks: str) -> Subject:
    """Return the subject of a page whose one section has these blocks."""
    text = "".join(f"\n```{{doctest}}\n{block}\n```\n" for block in blocks)
    write_tree(root, {"docs/page.md": page(f"\n## example\n{text}", setup=NO_TORCH)})
    found = find_in_page(root / "docs/page.md", root=root)
    assert found.problems == ()
    return found.subjects[0]


def test_example_outside_its_marks_is_left_out_when_it_fails_here(tmp_path: Path) -> None:
    subject = marked(
        tmp_path,
        ">>> x = 1\n>>> x\n1",
        f":since: {AFTER}\n:change: x is new\n>>> x = 5\n>>> x + 1\n7",
        ">>> x\n1",
    )
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        outcome = worker.run(subject, "cpu")
    assert (outcome.status, outcome.examples, outcome.checked) == ("passed", 2, 2)


@pytest.mark.parametrize("mark", [f":since: {AFTER}", f":until: {BEFORE}"])
def test_mark_of_an_example_that_holds_here_is_an_error(tmp_path: Path, mark: str) -> None:
    subject = marked(tmp_path, ">>> x = 1\n>>> x\n1", f"{mark}\n:change: new\n>>> x + 1\n2")
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        outcome = worker.run(subject, "cpu")
    (failure,) = outcome.failures
    assert outcome.status == "failed"
    assert failure.line == subject.examples[1].line
    assert failure.source == describe(subject.examples[1].marks)
    assert failure.expected == f"it does not hold on torch {describe_environment('cpu').torch}"
    option = mark.rpartition(" ")[0]
    assert failure.got == f"it holds there too; correct {option}, or leave it out"


@pytest.mark.parametrize("fork", [True, False])
def test_example_for_another_python_must_fail_here(tmp_path: Path, fork: bool) -> None:
    blocks = [
        ">>> x = 1\n>>> x\n1",
        f":python: {ELSEWHERE}\n:change: it is 2\n>>> x\n2",
        f":python: {OURS}\n:change: it is 1\n>>> x\n1",
    ]
    right = marked(tmp_path, *blocks)
    wrong = marked(tmp_path, *blocks[:2], f":python: {ELSEWHERE}\n:change: it is 1\n>>> x\n1")
    with Worker(root=tmp_path, subjects=[right], fork=fork) as worker:
        passed, failed = worker.run(right, "cpu"), worker.run(wrong, "cpu")
    assert (passed.status, passed.examples, passed.checked) == ("passed", 2, 2)
    (failure,) = failed.failures
    assert (failed.status, failure.line) == ("failed", wrong.examples[2].line)
    assert failure.source == describe(Marks(python=ELSEWHERE))
    assert failure.expected == f"it does not hold on Python {PYTHON}"
    assert failure.got == "it holds there too; correct :python:, or leave it out"


def test_subject_for_another_python_is_skipped_when_it_fails_here(tmp_path: Path) -> None:
    options = f":python: {ELSEWHERE}"
    fails = one_subject(tmp_path, ">>> missing\n1", options=options, setup=NO_TORCH)
    holds = one_subject(tmp_path, ">>> 1\n1", options=options, setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[fails]) as worker:
        skipped, failed = worker.run(fails, "cpu"), worker.run(holds, "cpu")
    assert (skipped.status, skipped.reason) == ("skipped", describe(Marks(python=ELSEWHERE)))
    assert (failed.status, failed.failures[0].line) == ("failed", holds.line)


def test_whole_subject_outside_its_marks_is_skipped_when_it_fails_here(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, ">>> missing\n1", options=f":since: {AFTER}", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        outcome = worker.run(subject, "cpu")
    assert (outcome.status, outcome.reason) == ("skipped", f"since torch {AFTER}")


def test_mark_of_a_whole_subject_that_holds_here_is_an_error(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, ">>> 1\n1", options=f":since: {AFTER}", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        outcome = worker.run(subject, "cpu")
    assert outcome.status == "failed"
    assert outcome.failures[0].line == subject.line


def test_subject_for_another_device_is_not_tried_outside_its_marks(tmp_path: Path) -> None:
    options = f":only: cuda\n:because: streams\n:since: {AFTER}"
    subject = one_subject(tmp_path, ">>> 1\n1", options=options, setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        assert worker.run(subject, "cpu").reason == "only on cuda: streams"


def test_mark_inside_the_range_is_run_as_ever(tmp_path: Path) -> None:
    subject = marked(tmp_path, f":since: {HERE}\n:change: new\n>>> 1\n2")
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        assert worker.run(subject, "cpu").status == "failed"


def test_probe_runs_after_what_is_meant_for_this_torch(tmp_path: Path) -> None:
    old = ":until: 2.8\n:change: old\n>>> old\n1"
    new = ":since: 2.15\n:change: new\n>>> new\n1"
    subject = marked(tmp_path, ">>> 1\n1", old, ">>> 2\n2", new)
    found = list(probes(subject, Versions("2.13.0", "3.11")))
    first = subject.examples
    assert [probe.line for probe in found] == [first[1].line, first[3].line]
    assert found[0].subject.examples == (first[0], replace(first[1], marks=Marks()))
    assert found[1].subject.examples == (first[0], first[2], replace(first[3], marks=Marks()))


def test_mark_changes_the_digest_and_its_words_do_not(tmp_path: Path) -> None:
    block = ">>> 1\n1"
    plain = marked(tmp_path, block)
    one = marked(tmp_path, f":since: 2.9\n:change: so\n{block}")
    other = marked(tmp_path, f":since: 2.11\n:change: so\n{block}")
    reworded = marked(tmp_path, f":since: 2.9\n:change: thus\n{block}")
    python = marked(tmp_path, f":since: 2.9\n:python: 3.13\n:change: so\n{block}")
    assert len({plain.digest, one.digest, other.digest, python.digest}) == 4
    assert one.digest == reworded.digest


def test_marks_survive_json(tmp_path: Path) -> None:
    subject = marked(tmp_path, ":since: 2.9\n:until: 2.11\n:python: 3.13\n:change: so\n>>> 1\n1")
    back = msgspec.json.decode(msgspec.json.encode(subject), type=Subject)
    assert back == subject
    assert skip_reason(back, "cpu", Versions("2.7.1", "3.11")) is None


def test_build_draws_no_picture_of_an_example_for_another_torch(tmp_path: Path) -> None:
    here = section("example", ">>> 1\n1")
    block = f":graph: y\n:since: {AFTER}\n:change: new\n>>> y = absent\n>>> y\n1"
    there = section("", block).removeprefix("\n## \n")
    write_tree(tmp_path, {"docs/page.md": page(here + there, setup=SETUP)})
    first = proof_of(tmp_path)
    assert first.problems == ()
    assert first.ran == ("docs/page.md::example",)
    assert proof_of(tmp_path).ran == ()


def proof_of(root: Path) -> Proof:
    return prove(find_in_tree(root), root=root, verified=root / "verified", cache=root / "cache")
