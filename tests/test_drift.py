"""The table of what no longer holds, written by a real run against a record of another torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sites import entry, page
from test_pytest_plugin import pytest_in
from trees import NO_TORCH, line_of, section, write_tree

from torchproof.finding.tree import find_in_tree
from torchproof.records.record import verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome

PAGE = page(
    entry("torch.nn.Module.to", ">>> 'a|b`c'\n'a|b'"),
    section("raises", ">>> int('x')\n1"),
    section("new", ">>> 1\n2"),
    section("holds", ">>> 1\n1"),
    setup=NO_TORCH,
)
INI = "[pytest]\ntestpaths = docs\naddopts = -p torchproof.hosts.pytest_plugin\n"
HERE = describe_environment("cpu")
WHERE = (
    f"torch {HERE.torch} (cpu, Python {HERE.python}, {HERE.system} {HERE.machine} "
    f"{HERE.capability})"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a tree whose record says that all but one section held on torch 2.11 and 2.12."""
    root = write_tree(tmp_path, {"pytest.ini": INI, "docs/a.md": PAGE})
    subjects = find_in_tree(root).subjects
    seen = {s.id: verdict_of(s, Outcome("passed")) for s in subjects if s.title != "new"}
    for version in ("2.12.1", "2.11.0"):
        write_verdicts(root / "docs/verified", replace(HERE, torch=version), seen)
    return root


def test_drift_names_each_entry_that_fell(root: Path) -> None:
    run = pytest_in(root, "--drift", "drift.md", "--device", "cpu")
    table = (root / "drift.md").read_text(encoding="utf-8")
    quoted = line_of(PAGE, ">>> 'a|b`c'")
    assert table.splitlines() == [
        f"## 2 of 4 subjects no longer hold on {WHERE}",
        "",
        "| entry | line | held on torch | the page shows | it gives |",
        "|---|---|---|---|---|",
        f"| `docs/a.md::raises` | docs/a.md:{line_of(PAGE, 'int(')} | 2.11 2.12 | `1` "
        "| `ValueError: invalid literal for int() with base 10: 'x'` |",
        f"| `docs/a.md::to` (torch.nn.Module.to) | docs/a.md:{quoted} "
        "| 2.11 2.12 | `'a\\|b'` | `'a\\|b'c'` |",
        "",
        'To see them run: `tox -e doctest-torchlatest -- "<entry>[cpu]"`.',
    ]
    assert all(line in run.output for line in table.splitlines())
    assert run.status == pytest.ExitCode.TESTS_FAILED


def test_no_drift_is_said_too(root: Path) -> None:
    pytest_in(root, "--drift", "drift.md", "--device", "cpu", "-k", "holds")
    assert (root / "drift.md").read_text(encoding="utf-8") == (
        f"## No regression on {WHERE}\n\n1 subjects ran; none that passed in a record failed.\n"
    )


def test_drift_needs_records_that_can_be_read(root: Path) -> None:
    write_tree(root, {"docs/verified/bad.json": "{"})
    run = pytest_in(root, "--drift", "drift.md")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "bad.json: line 1: not a complete record" in run.output
    assert not (root / "drift.md").exists()
    assert len(list((root / "docs/verified").glob("torch*"))) == 2
