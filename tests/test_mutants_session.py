"""Sessions of planted faults on a small module: caught, survived, resumed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sites import page
from trees import section, write_tree

from torchproof.mutants.results import read_area, write_area

SESSION = Path(__file__).with_name("mutants_session.py")
SMALL = """
def scaled(x, by=2):
    if x is None:
        return None
    return x * by


def counted(n):
    done = 0
    while n > 0:
        n -= 1
        done += 1
    return done
"""
SETUP = "```{doctest}\n>>> import small\n```\n"
SCALED = ">>> small.scaled(3)\n6"
COUNTED = ">>> small.counted(2)\n2"


def tree(root: Path, *, small: str = SMALL, scaled: str = SCALED, counted: str = COUNTED) -> Path:
    sections = [section("scaled", scaled), section("counted", counted)]
    pages = page(*sections, setup=SETUP)
    return write_tree(root, {"small.py": small, "docs/nn-module/page.md": pages})


def run(root: Path, *words: str) -> Any:
    command = [sys.executable, str(SESSION), str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout or "null")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of a session on the small module."""
    return run(tree(tmp_path_factory.mktemp("mutants")))


def statuses(said: Any) -> dict[tuple[str, str], str]:
    return {(f["before"], f["after"]): f.get("status", "no fault") for f in said["faults"]}


def test_a_fault_that_the_example_shows_is_caught(said: Any) -> None:
    assert said["unfit"] == {}
    found = statuses(said)
    assert found["def scaled(x, by=2):", "def scaled(x, by=3):"] == "caught"
    assert found["return x * by", "return None"] == "caught"
    # The committed results name the line, and nothing of this machine.
    (none,) = (
        f for f in said["faults"] if (f["before"], f["after"]) == ("return x * by", "return None")
    )
    assert re.fullmatch(r"line \d+", none["how"])
    assert found["if x is None:", "if not x is None:"] == "caught"


def test_a_fault_that_no_example_shows_survives(tmp_path: Path) -> None:
    small = SMALL.replace("n > 0", "n > 0 and n != 7")
    found = statuses(run(tree(tmp_path, small=small)))
    assert found["while n > 0 and n != 7:", "while n > 0 and n != 8:"] == "survived"


def test_code_that_no_example_runs_is_told_apart(tmp_path: Path) -> None:
    small = (
        f"{SMALL}\n\ndef refused(x):\n    if x < 0:\n        raise ValueError(x)\n    return 1\n"
    )
    root = tree(tmp_path, small=small)
    with (root / "docs/nn-module/page.md").open("a") as file:
        file.write(section("refused", ">>> small.refused(3)\n1"))
    found = statuses(run(root))
    assert found["raise ValueError(x)", ""] == "unreached"
    assert found["if x < 0:", "if x <= 0:"] == "survived"
    assert found["if x < 0:", "if not x < 0:"] == "caught"


def test_a_loop_without_end_is_caught(said: Any) -> None:
    (endless,) = (f for f in said["faults"] if (f["before"], f["after"]) == ("n -= 1", ""))
    assert endless["status"] == "caught"
    assert endless["how"] == "timed-out"


def test_a_session_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    small = SMALL + "".join(f"\n\ndef extra{n}(x=1):\n    return x + 1\n" for n in range(12))
    root = tree(tmp_path, small=small)
    run(root, "stop")
    area = read_area(root / "docs/mutants", "nn-module")
    assert area is not None
    kept = len(area.results)
    # What ran when the session was stopped was killed, and noticed nothing.
    assert "crashed" not in {result.how for result in area.results.values()}
    assert kept > 0
    whole = run(root)
    assert whole["tried"] == len(whole["faults"]) - kept
    assert run(root)["tried"] == 0
    survived = [fault for fault in whole["faults"] if fault.get("status") != "caught"]
    assert run(root, "survivors")["tried"] == len(survived)
    assert run(root, "again")["tried"] == len(whole["faults"])


def test_an_edited_example_is_tried_again(tmp_path: Path) -> None:
    small = SMALL.replace("x * by", "x * by if x != 7 else 0")
    root = tree(tmp_path, small=small)
    first = run(root)
    of_scaled = sum(fault["name"] == "small.scaled" for fault in first["faults"])
    tree(root, small=small, scaled=f"{SCALED}\n>>> small.scaled(None) is None\nTrue")
    # What survived stays until it is tried again, or the score would be too good.
    before = {f["status"] for f in first["faults"] if f["name"] == "small.scaled"}
    assert "caught" in before
    waiting = run(root, "none")
    left = {f.get("status") for f in waiting["faults"] if f["name"] == "small.scaled"}
    assert left - {None} == before - {"caught"} != set()
    again = run(root)
    assert 0 < again["tried"] == of_scaled < len(first["faults"])
    # Another version of the package: all of them.
    area = read_area(root / "docs/mutants", "nn-module")
    assert area is not None
    write_area(root / "docs/mutants", type(area)(area.name, {"torch": "1.0"}, {}, area.results))
    assert run(root)["tried"] == len(first["faults"])


def test_a_subject_that_fails_without_a_fault_judges_none(tmp_path: Path) -> None:
    said = run(tree(tmp_path, scaled=">>> small.scaled(3)\n7"))
    (why,) = said["unfit"].values()
    assert why.startswith("failed without a fault: line")
    assert {f["status"] for f in said["faults"] if f["name"] == "small.scaled"} == {"unreached"}
