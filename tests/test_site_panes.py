"""Pictures of panes in a build: shown as committed where nothing draws, drawn anew where it can."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest
from sites import Build, Site, entry, page
from test_pane_pictures import png
from test_visdom_panes import PANE, needs_browser

from torchproof.panes.pictures import PanePictures

SETUP = "```{doctest}\n>>> import visdom\n>>> vis = visdom.Visdom()\n```\n"
BLOCK = ":pane: text\n:alt: a word\n>>> vis.text('word', win='text')\n'text'"
PLACE = PurePosixPath("pages/a/text/text")
AS_IT_IS = {**PANE, "content": "word"}
HIDDEN = {"TORCHPROOF_CHROMIUM": "/nonexistent"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": page(entry("visdom.Visdom.text", BLOCK), setup=SETUP)})
    return site


def pictures(site: Site) -> PanePictures:
    return PanePictures(site.root / "docs/panes")


def told(build: Build) -> list[str]:
    return [line for line in build.output.splitlines() if "pane `" in line]


def test_without_browser_a_pane_without_picture_is_one_warning(site: Site) -> None:
    build = site.build(env=HIDDEN)
    assert build.status != 0
    (line,) = told(build)
    assert "docs/pages/a.md:15: WARNING: no picture of pane `text`: " in line
    assert "/nonexistent" in line
    assert "it would be docs/panes/pages/a/text/text.png" in line
    # Once there is one, the page that was read without it shows it.
    pictures(site).write(PLACE, AS_IT_IS, png())
    build = site.build(env=HIDDEN)
    assert build.status == 0, build.output
    assert told(build) == []
    assert 'alt="a word"' in build.page("pages/a")


def test_without_browser_a_picture_out_of_date_is_shown_and_the_log_says_so(site: Site) -> None:
    pictures(site).write(PLACE, {**AS_IT_IS, "content": "other"}, png())
    build = site.build(env=HIDDEN)
    assert build.status == 0, build.output
    (line,) = told(build)
    assert "docs/pages/a.md:15: pane `text` is shown by docs/panes/pages/a/text/text.png" in line
    assert "though content is 'word' and was 'other': " in line
    assert "/nonexistent" in line
    assert 'alt="a word"' in build.page("pages/a")
    assert (build.html / "_images/text.png").read_bytes() == png()


def test_a_current_picture_needs_no_browser_and_no_word(site: Site) -> None:
    pictures(site).write(PLACE, AS_IT_IS, png())
    build = site.build(env=HIDDEN)
    assert build.status == 0, build.output
    assert told(build) == []
    assert (build.html / "_images/text.png").read_bytes() == png()


@needs_browser
def test_with_a_browser_only_what_is_out_of_date_is_drawn(site: Site) -> None:
    store = pictures(site)
    store.write(PLACE, AS_IT_IS, png())
    data = json.loads(store.data(PLACE).read_text())
    data["versions"]["Visdom"] = "0.0"
    store.data(PLACE).write_text(json.dumps(data))
    assert site.build().status == 0
    drawn = store.png(PLACE).read_bytes()
    assert drawn != png()
    assert store.out_of_date(PLACE, AS_IT_IS) == ""
    stamps = [path.stat().st_mtime_ns for path in (store.png(PLACE), store.data(PLACE))]
    assert site.build().status == 0
    assert stamps == [path.stat().st_mtime_ns for path in (store.png(PLACE), store.data(PLACE))]
