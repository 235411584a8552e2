"""The digest of a subject, and its way to another process and back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sites import SETUP, page
from trees import one_subject, section, write_tree

from torchproof.finding.marks import running_versions, skip_reason
from torchproof.finding.subjects import Subject
from torchproof.finding.tree import find_in_tree

BLOCK = ":graph: y\n>>> x = torch.ones(1)\n>>> x\ntensor([1.])"


def digest(root: Path, block: str = BLOCK, *, options: str = "", setup: str = SETUP) -> str:
    return one_subject(root, block, options=options, setup=setup).digest


@pytest.mark.parametrize(
    "block",
    [
        BLOCK.replace("ones", "zeros"),
        BLOCK.replace("tensor([1.])", "tensor([1.0])"),
        BLOCK.replace(":graph: y", ":graph: x"),
        BLOCK.replace(":graph: y", ":graph: y\n:saved:"),
        BLOCK.replace(":graph: y\n", ""),
        f"{BLOCK}\n>>> assert x.sum() == 1",
    ],
)
def test_digest_changes_with_source_output_and_options(tmp_path: Path, block: str) -> None:
    assert digest(tmp_path, block) != digest(tmp_path)


def test_digest_changes_with_the_setup_and_the_device(tmp_path: Path) -> None:
    before = digest(tmp_path)
    assert digest(tmp_path, setup=SETUP.replace("from torch import nn", "import math")) != before
    assert digest(tmp_path, options=":only: cuda\n:because: streams") != before


def test_digest_changes_when_a_statement_moves_to_another_block(tmp_path: Path) -> None:
    before = digest(tmp_path, ">>> 1\n1\n>>> 2\n2")
    assert digest(tmp_path, ">>> 1\n1\n```\n\n```{doctest}\n>>> 2\n2") != before


def test_digest_stays_when_the_example_moves_or_gets_another_title(tmp_path: Path) -> None:
    before = one_subject(tmp_path, BLOCK)
    text = page("\nMore words.\n", section("Another title", BLOCK))
    write_tree(tmp_path, {"docs/page.md": text})
    (after,) = find_in_tree(tmp_path).subjects
    assert (after.line, after.title) != (before.line, before.title)
    assert after.digest == before.digest


def test_digest_of_a_script_changes_with_its_text(tmp_path: Path) -> None:
    digests = []
    for text in ('"""Title"""\nassert 1', '"""Title"""\nassert 2'):
        write_tree(tmp_path, {"gallery/a.py": text})
        digests += [subject.digest for subject in find_in_tree(tmp_path).subjects]
    assert len(set(digests)) == 2


def test_subject_survives_json(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, BLOCK, options=":only: cuda\n:because: streams")
    back = msgspec.json.decode(msgspec.json.encode(subject), type=Subject)
    assert back == subject
    assert back.digest == subject.digest


def test_skip_reason_is_for_the_other_devices(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, BLOCK, options=":only: cuda\n:because: streams")
    assert skip_reason(subject, "cpu", running_versions()) == "only on cuda: streams"
    assert skip_reason(subject, "cuda", running_versions()) is None


def test_visdom_server_is_for_those_that_import_visdom(tmp_path: Path) -> None:
    assert not one_subject(tmp_path, BLOCK).needs_visdom
    assert one_subject(tmp_path, f">>> import visdom\n{BLOCK.partition('y')[2][1:]}").needs_visdom
