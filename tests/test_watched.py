"""Visdom subjects beside an open page, which answers to a close when its window is drawn again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_visdom_panes import needs_browser
from trees import write_tree

START = "import visdom\n\nvis = visdom.Visdom(raise_exceptions=True)\n"
CLOSES = """
assert vis.text("old", win="note", env="run") == "note"
vis.close("note", env="run")
assert vis.text("new", win="note", env="run") == "note"
assert vis.win_exists("note", env="run")
"""
CLOSES_ALL = CLOSES.replace('close("note", env="run")', 'close(env="run")')
REPLACES = """
for text in ["old", "new"]:
    assert vis.text(text, win="note", env="run") == "note"
    assert vis.line([1.0, 2.0], [0, 1], win="loss", env="run") == "loss"
assert vis.win_exists("note", env="run") and vis.win_exists("loss", env="run")
vis.close("note", env="run")
"""


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "torchproof.hosts.pytest_plugin", "-q"]
    command += ["-o", "testpaths=gallery", "-p", "no:cacheprovider", "--device", "cpu"]
    return subprocess.run([*command, *options], cwd=root, capture_output=True, text=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scripts = {"closes": CLOSES, "closes_all": CLOSES_ALL, "replaces": REPLACES}
    head = '"""\nTitle\n=====\n\nText.\n"""\n'
    files = {f"gallery/{name}.py": head + START + text for name, text in scripts.items()}
    return write_tree(tmp_path, {"pytest.ini": "[pytest]\n", **files})


@needs_browser
def test_a_window_that_is_closed_and_drawn_again_is_lost(root: Path) -> None:
    # Both processes share one browser.
    done = run(root, "--watched", "-n", "2")
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    names = [f"gallery/{name}.py[cpu]" for name in ("closes", "closes_all")]
    assert sorted(failed) == names, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert done.stdout.count('assert vis.win_exists("note", env="run")') >= 2


def test_nobody_watches_unless_told(root: Path) -> None:
    done = run(root)
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--record", "--due"])
def test_what_is_watched_is_no_verdict(root: Path, option: str) -> None:
    done = run(root, "--watched", option)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"leave {option} out" in done.stderr


def test_a_missing_browser_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "/nonexistent")
    done = run(root, "--watched")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--watched: no browser opens the pages" in done.stderr
    assert "$TORCHPROOF_CHROMIUM is no program: /nonexistent" in done.stderr
