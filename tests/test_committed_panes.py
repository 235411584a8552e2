"""The committed pictures: every pane has one, each is sound, and nothing else lies there."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image, ImageChops, ImageStat
from test_visdom_panes import needs_browser

from torchproof.finding.pages import find_in_page
from torchproof.panes.pictures import PanePictures
from torchproof.panes.place import recorded_panes
from torchproof.panes.unused import REMOVE, scripts_with_panes, shown_on_pages, unused
from torchproof.running.worker import Worker
from torchproof.visdom.browser import draw_panes

ROOT = Path(__file__).parents[1]
PANES = PanePictures(ROOT / "docs" / "panes")
WRITE = "tox -e docs, where Chromium and npm are installed"
# Fields had other last bits on another processor; figures and images have other bytes.
SAMPLE = {
    "docs/visdom/surfaces.md": ("surf", "contour"),
    "docs/visdom/matplotlib.md": ("matplot",),
    "docs/visdom/images.md": ("image",),
    "docs/visdom/line.md": ("line",),
}


def names(places: Iterable[object]) -> str:
    return "\n".join(sorted(map(str, places)))


def test_every_pane_of_a_page_has_a_picture() -> None:
    missing = shown_on_pages(ROOT) - PANES.places()
    assert not missing, f"no picture; {WRITE}, draws:\n{names(missing)}"


def test_every_script_that_shows_panes_has_pictures() -> None:
    missing = set(scripts_with_panes(ROOT)) - {place.parent for place in PANES.places()}
    assert not missing, f"no pictures; {WRITE}, draws them:\n{names(missing)}"


def test_every_picture_is_shown_by_a_page_or_script() -> None:
    found = unused(ROOT)
    assert not found, f"nothing shows these pictures; {REMOVE} removes them:\n{names(found)}"


def test_every_picture_can_be_read_and_is_of_the_versions_installed() -> None:
    unsound = {place: why for place in PANES.places() if (why := PANES.unsound(place))}
    said = names(f"{place}: {why}" for place, why in unsound.items())
    assert not unsound, f"out of date; {WRITE}, draws anew:\n{said}"
    for place in PANES.places():
        with Image.open(PANES.png(place)) as picture:
            picture.verify()
        assert min(picture.size) > 8, place


def test_nothing_else_lies_there() -> None:
    pairs = {path for p in PANES.places() for path in (PANES.png(p), PANES.data(p))}
    assert {path for path in PANES.folder.rglob("*") if path.is_file()} == pairs


@functools.cache
def sample() -> dict[PurePosixPath, dict[str, Any]]:
    """Return the panes of some sections, as they come out here."""
    subjects = [
        subject
        for file, sections in SAMPLE.items()
        for subject in find_in_page(ROOT / file, root=ROOT).subjects
        if subject.id.rpartition("::")[2] in sections
    ]
    panes: dict[PurePosixPath, dict[str, Any]] = {}
    with Worker(root=ROOT, subjects=subjects) as worker:
        for subject in subjects:
            outcome = worker.run(subject, "cpu")
            assert outcome.status == "passed", outcome
            panes |= {
                place: pane for _, _, place, pane in recorded_panes(subject, outcome.drawings)
            }
    return panes


def test_panes_come_out_here_as_they_did_where_they_were_drawn() -> None:
    assert len(sample()) >= 15
    reasons = {place: PANES.out_of_date(place, pane) for place, pane in sample().items()}
    assert {place: why for place, why in reasons.items() if why} == {}


@needs_browser
def test_a_pane_is_drawn_like_its_committed_picture() -> None:
    place = PurePosixPath("visdom/line/line/loss")
    committed = Image.open(PANES.png(place)).convert("RGB")
    drawn = Image.open(io.BytesIO(draw_panes([sample()[place]])[0])).convert("RGB")
    assert drawn.size == committed.size
    # Fonts differ from machine to machine; other panes of the page differ by 1.08 and more.
    assert max(ImageStat.Stat(ImageChops.difference(drawn, committed)).mean) < 0.8
