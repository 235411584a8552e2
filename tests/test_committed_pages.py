"""The committed pictures of whole pages: current, small, shown by a page, and drawn alike here."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from test_visdom_panes import needs_browser

from torchproof.finding.pages import find_in_page
from torchproof.panes.page_drawing import LARGEST, draw_page, page_browser
from torchproof.panes.page_pictures import PLACE, PagePictures
from torchproof.panes.page_scenario import read_scenario

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = PagePictures(DOCS / PLACE)
# Fonts differ from machine to machine, and with them the width of a button.
PIXELS = 6


def test_every_picture_is_current() -> None:
    assert PICTURES.names()
    due = PICTURES.due()
    assert not due, f"tox -e pages, where Chromium and npm are installed, draws anew:\n{due}"


def test_every_picture_is_shown_by_a_page_and_nothing_else_lies_there() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))
    shown = set(re.findall(r"^:{3,}\{visdom-page\} (\S+)$", pages, re.MULTILINE))
    assert shown == set(PICTURES.names())
    files = {f"{name}.{ending}" for name in PICTURES.names() for ending in ("py", "png", "json")}
    assert {path.name for path in PICTURES.folder.iterdir() if path.is_file()} == files


@pytest.mark.parametrize("name", PICTURES.names())
def test_a_picture_is_small_and_of_the_size_that_is_noted(name: str) -> None:
    assert PICTURES.png(name).stat().st_size <= LARGEST
    width, height = PICTURES.measured(name).size
    with Image.open(PICTURES.png(name)) as picture:
        assert picture.size == (2 * width, 2 * height)


def statements(code: str) -> list[str]:
    """Return the statements of a training loop as code, whatever their line breaks."""
    found = ast.parse(code).body
    if isinstance(found[-1], ast.FunctionDef):
        found = found[-1].body
    texts = [ast.unparse(statement).replace("_ = ", "") for statement in found]
    first = next(n for n, text in enumerate(texts) if "meshgrid" in text)
    last = next(n for n, text in enumerate(texts) if text.startswith("for "))
    return texts[first : last + 1]


def test_the_first_run_is_the_loop_of_its_page() -> None:
    page = find_in_page(DOCS / "visdom/five-minutes.md", root=DOCS.parent)
    code = [
        "\n".join(statement.source for statement in example.statements)
        for subject in page.subjects
        for example in subject.examples
    ]
    (loop,) = (text for text in code if "meshgrid" in text)
    scenario = PICTURES.scenario("first-run").read_text(encoding="utf-8")
    assert statements(loop) == statements(scenario)


@needs_browser
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_page_is_drawn_like_its_committed_picture() -> None:
    name = "first-run"
    with page_browser() as context:
        drawn = draw_page(context, read_scenario(PICTURES.scenario(name)))
    committed = PICTURES.measured(name)
    assert drawn.parts.keys() == committed.parts.keys()
    for part, box in drawn.parts.items():
        apart = [abs(a - b) for a, b in zip(box, committed.parts[part], strict=True)]
        assert max(apart) <= PIXELS, part
    both = (drawn.png, PICTURES.png(name).read_bytes())
    pictures = (Image.open(io.BytesIO(png)).convert("RGB") for png in both)
    assert max(ImageStat.Stat(ImageChops.difference(*pictures)).mean) < 2
