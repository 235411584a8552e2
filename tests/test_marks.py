"""Marks are checked from both sides: what is marked holds there, and does not hold elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sites import SETUP, page
from trees import NO_TORCH, one_subject, section, write_tree

from torchproof.environment import describe_environment
from torchproof.examples import find_in_page
from torchproof.marks import describe, hold_on, probes, release_of, skip_reason
from torchproof.proof import Proof, prove
from torchproof.subjects import Marks, Subject
from torchproof.tree import find_in_tree
from torchproof.worker import Worker

HERE = "{}.{}".format(*release_of(describe_environment("cpu").torch))
BEFORE, AFTER = "2.8", "2.15"


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
    assert all(hold_on(marks, version) for version in inside)
    assert not any(hold_on(marks, version) for version in outside)


def test_marks_are_told_in_words() -> None:
    assert describe(Marks(since="2.9")) == "since torch 2.9"
    assert describe(Marks(until="2.9")) == "up to torch 2.9"
    assert describe(Marks("2.9", "2.11")) == "torch 2.9 to 2.11"
    assert describe(Marks("2.9", "2.9")) == "torch 2.9 only"


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
    assert "correct :since: and :until:" in failure.got


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
    found = list(probes(subject, "2.13.0"))
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
    assert len({plain.digest, one.digest, other.digest}) == 3
    assert one.digest == reworded.digest


def test_marks_survive_json(tmp_path: Path) -> None:
    subject = marked(tmp_path, ":since: 2.9\n:until: 2.11\n:change: so\n>>> 1\n1")
    back = Subject.from_json(subject.to_json())
    assert back == subject
    assert skip_reason(back, "cpu", "2.7.1") is None


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
