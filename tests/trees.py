"""Small trees of pages and scripts for the tests, and a way to hear from a running subject."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sites import SETUP, page

from torchproof.finding.pages import find_in_page
from torchproof.finding.scripts import find_in_script
from torchproof.finding.subjects import Subject
from torchproof.running.outcome import Outcome
from torchproof.running.worker import Worker

PATIENCE = 60.0
"""Seconds after which a test that waits fails."""
NO_TORCH = "```{doctest}\n>>> import os, subprocess, sys, threading\n```\n"
"""A set-up block for where torch is not the point: what runs without it starts at once."""


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files by their paths under `root` and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def section(title: str, block: str, *, options: str = "") -> str:
    """Return a section with one `{doctest}` block, and with `{subject}` options if there are."""
    head = f"```{{subject}}\n{options}\n```\n\n" if options else ""
    return f"\n## {title}\n\n{head}```{{doctest}}\n{block}\n```\n"


def one_subject(root: Path, block: str, *, options: str = "", setup: str = SETUP) -> Subject:
    """Write a page with one section and return its subject."""
    write_tree(
        root, {"docs/page.md": page(section("example", block, options=options), setup=setup)}
    )
    found = find_in_page(root / "docs/page.md", root=root)
    assert found.problems == ()
    return found.subjects[0]


def one_script(root: Path, text: str) -> Subject:
    """Write a script and return its subject."""
    write_tree(root, {"gallery/script.py": text})
    found = find_in_script(root / "gallery/script.py", root=root)
    assert found.problems == ()
    return found.subjects[0]


def line_of(text: str, mark: str) -> int:
    """Return the number of the one line that holds `mark`."""
    (number,) = [n for n, line in enumerate(text.splitlines(), 1) if mark in line]
    return number


@dataclass(frozen=True)
class Tree:
    """A folder and a worker for what is in it."""

    root: Path
    worker: Worker

    def run(self, block: str, *, options: str = "", setup: str = SETUP) -> Outcome:
        """Run a page with one example on the CPU."""
        return self.worker.run(one_subject(self.root, block, options=options, setup=setup), "cpu")

    def run_script(self, text: str) -> Outcome:
        """Run a script on the CPU."""
        return self.worker.run(one_script(self.root, text), "cpu")


class Ear:
    """A named pipe: a subject writes to its path, the test waits for that without sleeping."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "ear")
        os.mkfifo(self.path)
        self._end = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def say(self, what: str) -> str:
        """Return the statement with which a subject says the value of an expression."""
        return f">>> _ = __import__('pathlib').Path({self.path!r}).write_text(str({what}))"

    def heard(self) -> str:
        """Wait until a subject says something and return it."""
        assert select.select([self._end], [], [], PATIENCE)[0], "no subject said anything"
        return os.read(self._end, 4096).decode()

    def close(self) -> None:
        """Remove the pipe."""
        os.close(self._end)
        Path(self.path).unlink()
