"""Builds of a copy of the real site: cold, with no change, with one page changed."""

from __future__ import annotations

import re
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from table import Row
from timing import Command, Sample, run

_REPOSITORY = Path(__file__).resolve().parents[1]
_BUILD = ["-m", "sphinx", "-q", "-b", "html", "docs", "docs/_build/html"]
_LEFT_OUT = shutil.ignore_patterns("_build", "__pycache__", ".*")


class NoSite(RuntimeError):
    """The site of the repository does not build at present."""


def measure(folder: Path, *, rounds: int) -> list[Row]:
    """Build the site; raises NoSite if it does not build."""
    root = folder / "repository"
    for name in ("docs", "gallery"):
        shutil.copytree(_REPOSITORY / name, root / name, ignore=_LEFT_OUT)
    # What sphinx-gallery generated in the repository is not part of a cold build.
    shutil.rmtree(root / "docs" / "gallery", ignore_errors=True)
    command = Command([sys.executable, *_BUILD], root)
    try:
        cold = run(command)
        page = _page(root / "docs")
        changes: dict[str, Callable[[int], None]] = {
            "none": lambda _: None,
            "text": lambda n: _add_text(page, n),
            "example": lambda n: _add_example(page, n),
        }
        builds: dict[str, list[Sample]] = {name: [] for name in changes}
        for number in range(rounds):
            for name, change in changes.items():
                change(number)
                builds[name].append(run(command))
    except RuntimeError as error:
        raise NoSite(str(error)) from None
    return [
        *_rows("cold", [cold]),
        *_rows("no change", builds["none"], at_most=2),
        *_rows("text of a page changed", builds["text"], at_most=3),
        *_rows("an example changed, so that it runs", builds["example"], at_most=3),
    ]


def _rows(what: str, builds: Sequence[Sample], at_most: float | None = None) -> list[Row]:
    return [
        Row(what, statistics.median(build.wall for build in builds), "s", at_most),
        Row("  in processor time", statistics.median(build.cpu for build in builds), "s"),
    ]


def _page(docs: Path) -> Path:
    """Return the page with the most examples."""
    pages = [path for path in sorted(docs.rglob("*.md")) if "_build" not in path.parts]
    page = max(pages, key=lambda path: path.read_text(encoding="utf-8").count("```{doctest}"))
    if "```{doctest}" not in page.read_text(encoding="utf-8"):
        raise RuntimeError("no page with an example")
    return page


def _add_text(page: Path, number: int) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(f"{text}\nThis is sentence {number}.\n", encoding="utf-8")


def _add_example(page: Path, number: int) -> None:
    """Add a statement to the last example of the page."""
    text = page.read_text(encoding="utf-8")
    last = [*re.finditer(r"^```\{doctest\}\n(?:.*\n)*?(?=```$)", text, re.MULTILINE)][-1].end()
    added = f">>> {number} + 1\n{number + 1}\n"
    page.write_text(text[:last] + added + text[last:], encoding="utf-8")
