"""The committed pictures: written with their data, and out of date when anything else changes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from PIL import Image
from test_visdom_panes import PANE, needs_browser

from torchproof.panes.pictures import PanePictures
from torchproof.visdom.chromium import BrowserMissingError

PLACE = PurePosixPath("visdom/text/notes/hello")


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 4), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> PanePictures:
    """A folder with one picture."""
    pictures = PanePictures(tmp_path / "panes")
    pictures.write(PLACE, PANE, png(), chromium="150")
    return pictures


def edit(pictures: PanePictures, change: Callable[[dict[str, Any]], object]) -> None:
    path = pictures.data(PLACE)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_a_picture_is_current_for_what_it_was_drawn_from(pictures: PanePictures) -> None:
    assert pictures.out_of_date(PLACE, PANE) == ""
    assert pictures.out_of_date(PLACE, {**PANE, "id": "x", "contentID": "y", "i": 3}) == ""
    other = {**PANE, "content": "<b>bye</b>"}
    assert pictures.out_of_date(PLACE, other) == "content is '<b>bye</b>' and was '<b>hello</b>'"
    assert pictures.places() == {PLACE}


@pytest.mark.parametrize("name", ["Visdom", "front end", "settings"])
def test_another_version_makes_it_out_of_date(pictures: PanePictures, name: str) -> None:
    edit(pictures, lambda data: data["versions"].update({name: "0.0"}))
    assert pictures.out_of_date(PLACE, PANE).startswith(f"it was drawn with {name} 0.0, here is ")
    edit(pictures, lambda data: data["versions"].pop(name))
    assert pictures.out_of_date(PLACE, PANE).startswith(f"it was drawn with {name} None, here is ")


def test_another_browser_does_not(pictures: PanePictures) -> None:
    edit(pictures, lambda data: data.update(chromium="90"))
    assert pictures.out_of_date(PLACE, PANE) == ""


def test_a_torn_pair_is_out_of_date(pictures: PanePictures) -> None:
    pictures.png(PLACE).write_bytes(png("blue"))
    assert pictures.out_of_date(PLACE, PANE) == "its picture does not match its data file"
    pictures.png(PLACE).unlink()
    assert pictures.out_of_date(PLACE, PANE) == "it has no picture"
    pictures.write(PLACE, PANE, png())
    for text in ("{", "[]", "{}", '{"versions": {}, "png": "", "pane": {}}'):
        pictures.data(PLACE).write_text(text)
        assert pictures.out_of_date(PLACE, PANE) == "hello.json cannot be read"
    pictures.data(PLACE).unlink()
    assert pictures.out_of_date(PLACE, PANE) == "its data file is missing"


def test_nothing_but_the_pair_is_left_of_a_writing(pictures: PanePictures) -> None:
    files = {path.name for path in pictures.png(PLACE).parent.iterdir()}
    assert files == {"hello.png", "hello.json"}


@needs_browser
def test_what_is_drawn_is_current_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    pictures = PanePictures(tmp_path / "panes")
    bad = {**PANE, "id": "loss", "type": "plot", "content": {"data": [{"y": [float("nan")]}]}}
    second = PurePosixPath("visdom/text/notes/bad")
    failed = pictures.draw({second: bad, PLACE: PANE})
    assert {place: error.lasting for place, error in failed.items()} == {second: True}
    assert pictures.out_of_date(PLACE, PANE) == ""
    assert json.loads(pictures.data(PLACE).read_text())["chromium"].isdecimal()
    assert pictures.places() == {PLACE}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PATH", "", "apt-get install chromium"),
        ("TORCHPROOF_CHROMIUM", "/no/chromium", r"\$TORCHPROOF_CHROMIUM is no program: /no/chro"),
        # Where Playwright itself does not start, that is said; it comes first.
        ("TORCHPROOF_CHROMIUM", "/bin/false", "(/bin/false|Playwright) does not start: run "),
        ("PLAYWRIGHT_NODEJS_PATH", "/bin/false", "Playwright does not start: run `python -m play"),
    ],
)
def test_without_a_browser_the_error_says_what_to_install(
    variable: str, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "" if variable == "PATH" else "/bin/true")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setenv(variable, value)
    with pytest.raises(BrowserMissingError, match=said):
        PanePictures(tmp_path).draw({PLACE: PANE})
    assert list(tmp_path.iterdir()) == []
