"""The pages catch a torch that is broken: each file of breaks/ names the entries that must fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from torchproof.finding.tree import find_in_tree
from torchproof.running.worker import Worker

ROOT = Path(__file__).parents[1]
BREAKS = sorted(Path(__file__).with_name("breaks").glob("*.py"))


@pytest.mark.parametrize("path", BREAKS, ids=lambda path: path.stem)
def test_a_broken_method_fails_its_entries(path: Path) -> None:
    caught_by = re.findall(r"^# caught by: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    subjects = [s for s in find_in_tree(ROOT).subjects if s.id in caught_by]
    assert sorted(s.id for s in subjects) == sorted(caught_by) != []
    with Worker(root=ROOT, subjects=subjects, patch=path) as worker:
        passed = [s.id for s in subjects if worker.run(s, "cpu").status != "failed"]
    assert passed == []
