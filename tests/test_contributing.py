"""The README and CONTRIBUTING name files, folders and tox environments that exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAPERS = ("README.md", "CONTRIBUTING.md")
_TOP = ("docs", "gallery", "src", "tests", "quality", "bench", "templates", ".ci")
_PATH = re.compile(rf"(?<![\w/.])(?:{'|'.join(map(re.escape, _TOP))})/[\w./-]*[\w/]")
_LINK = re.compile(r"\]\(([\w./-]+)[#)]")
_TOX = re.compile(r"\btox (?:-qq )?-e ([\w-]+)")
# Names in capitals are for the reader to fill in; a build makes what is under _build.
_NO_FILE = re.compile(r"[A-Z]{4}|/_build")


def environments() -> list[re.Pattern[str]]:
    """Return what matches the names of tox's environments."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini")
    names = [name.removeprefix("testenv:") for name in config.sections()]
    choices = [re.sub(r"\{(.*)\}", lambda m: f"({m[1].replace(',', '|')})", name) for name in names]
    return [re.compile(choice) for choice in choices]


@pytest.mark.parametrize("paper", PAPERS)
def test_each_path_that_a_paper_names_exists(paper: str) -> None:
    text = (ROOT / paper).read_text(encoding="utf-8")
    named = {path for path in _PATH.findall(text) if not _NO_FILE.search(path)}
    named |= set(_LINK.findall(text))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_each_tox_environment_that_a_paper_names_exists(paper: str) -> None:
    named = set(_TOX.findall((ROOT / paper).read_text(encoding="utf-8")))
    known = environments()
    assert named
    assert [name for name in sorted(named) if not any(k.fullmatch(name) for k in known)] == []
