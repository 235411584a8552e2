"""Pictures of Visdom's whole page: current for their scenario, and drawn with their parts."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_pane_pictures import png
from test_visdom_panes import needs_browser

from torchproof.panes.label_places import APART, label_places, leader
from torchproof.panes.page_drawing import Box, DrawnPage, draw_page, page_browser
from torchproof.panes.page_pictures import PagePictures
from torchproof.panes.page_scenario import ScenarioError, read_scenario, scenario_digest
from torchproof.panes.redraw import main, redraw, redraw_apart

# visdom 0.2.4 calls a deprecated method when its client opens no socket.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
SCENARIO = """\
SIZE = (1280, 400)
LABELS = {"filter": "[data-cy=filter]", "window": ".react-grid-item"}


def windows(vis):
    vis.text("words", win="words", opts={"title": "Words"})


def drive(page):
    page.locator("[data-cy=filter]").fill("W")
"""
PARTS: dict[str, Box] = {"filter": (900.0, 8.0, 233.0, 34.0), "window": (10.0, 60.0, 240.0, 290.0)}
DRAWN = DrawnPage(png(), (1280, 400), PARTS, "150")


@pytest.fixture
def pictures(tmp_path: Path) -> PagePictures:
    """A folder with one scenario and its picture."""
    pictures = PagePictures(tmp_path)
    pictures.scenario("first").write_text(SCENARIO)
    pictures.write("first", DRAWN)
    return pictures


def edit(pictures: PagePictures, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(pictures.data("first").read_text())
    change(data)
    pictures.data("first").write_text(json.dumps(data))


def test_a_picture_is_current_until_the_code_of_its_scenario_changes(
    pictures: PagePictures,
) -> None:
    assert pictures.due() == {}
    assert pictures.measured("first").parts == PARTS
    scenario = pictures.scenario("first")
    scenario.write_text(f'"""Says what it shows."""\n\n# And why.\n{SCENARIO}')
    assert pictures.due() == {}
    scenario.write_text(SCENARIO.replace("words", "other"))
    assert pictures.due() == {"first": "its scenario has changed"}


@pytest.mark.parametrize("name", ["Visdom", "page", "front end", "settings"])
def test_another_version_makes_it_out_of_date(pictures: PagePictures, name: str) -> None:
    edit(pictures, lambda data: data["versions"].update({name: "0.0"}))
    assert pictures.due()["first"].startswith(f"it was drawn with {name} 0.0, here is ")
    edit(pictures, lambda data: data["versions"].pop(name))
    assert pictures.due()["first"].startswith(f"it was drawn with {name} None, here is ")


def test_another_browser_does_not(pictures: PagePictures) -> None:
    edit(pictures, lambda data: data.update(chromium="90"))
    assert pictures.due() == {}


def test_a_torn_pair_is_out_of_date(pictures: PagePictures) -> None:
    pictures.png("first").write_bytes(png("blue"))
    assert pictures.out_of_date("first") == "its picture does not match its data file"
    pictures.png("first").unlink()
    assert pictures.out_of_date("first") == "it has no picture"
    pictures.write("first", DRAWN)
    for text in ("{", "[]", "{}", '{"versions": {}, "png": "", "scenario": "", "size": [1, 2]}'):
        pictures.data("first").write_text(text)
        assert pictures.out_of_date("first") == "first.json cannot be read"
    pictures.data("first").unlink()
    assert pictures.out_of_date("first") == "its data file is missing"


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("\n1 / 0\n", 2, "ZeroDivisionError"),
        ("\n\nSIZE = (1280,\n", 3, "SyntaxError"),
        ('\nLABEL = {"a": "b"}\n', 2, "LABEL is none of ADDRESS, LABELS, PART, SIZE"),
    ],
)
def test_a_bad_scenario_is_told_by_file_and_line(
    tmp_path: Path, source: str, line: int, said: str
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(source)
    assert PagePictures(tmp_path).due() == {"bad": "it has no picture"}
    assert scenario_digest(path)
    with pytest.raises(ScenarioError, match=said) as told:
        read_scenario(path)
    assert str(told.value).startswith(f"{path}:{line}: ")


def test_numbers_stay_apart_and_inside() -> None:
    size = (1280, 720)
    row: list[Box] = [(500.0 + 40 * n, 8.0, 40.0, 34.0) for n in range(5)]
    boxes: list[Box] = [(0.0, 0.0, 1280.0, 50.0), *row, (1240.0, 690.0, 40.0, 30.0)]
    places = label_places(size, boxes)
    assert len(places) == len(boxes)
    for number, (x, y) in enumerate(places):
        assert 0 < x < size[0]
        assert 0 < y < size[1]
        for other in places[:number]:
            assert math.dist((x, y), other) >= APART * size[0]
    # A number that is not at its button has a line to it.
    for place, box in zip(places[1:6], row, strict=True):
        assert math.dist(place, (box[0] + 20, 42)) < 20 or leader(place, box)


def test_a_line_leads_from_a_number_to_the_part_above_or_below_it() -> None:
    box: Box = (100.0, 50.0, 40.0, 30.0)
    assert leader((120.0, 200.0), box) == (80.0, 120.0)
    assert leader((120.0, 20.0), box) == (20.0, 30.0)
    assert leader((120.0, 60.0), box) is None
    assert leader((90.0, 20.0), box) is None


def test_without_a_browser_it_says_so_for_each(
    pictures: PagePictures, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "/nonexistent")
    pictures.scenario("second").write_text(SCENARIO)
    assert main([f"--folder={pictures.folder}"]) == 1
    assert "/nonexistent" in capsys.readouterr().out
    (told,) = redraw_apart(pictures, ["second"])
    assert (told.name, told.here) == ("second", True)
    assert "/nonexistent" in told.error
    assert not pictures.png("second").exists()


@needs_browser
def test_a_page_is_drawn_as_the_scenario_leaves_it(pictures: PagePictures) -> None:
    bad = pictures.scenario("bad")
    bad.write_text(SCENARIO.replace('"window": ".react', '"window": ".no'))
    part = pictures.scenario("part")
    part.write_text(f'{SCENARIO}\n\nPART = ".react-grid-item"\nLABELS = {{}}\n')
    told = {one.name: one.error for one in redraw(pictures, ["first", "bad", "part"])}
    assert (told["first"], told["part"]) == ("", "")
    assert told["bad"].startswith(f"{bad}:2: LookupError: `.no-grid-item` matches 0 elements")
    assert pictures.due() == {"bad": "it has no picture"}
    measured = pictures.measured("first")
    assert measured.size == (1280, 400)
    assert list(measured.parts) == ["filter", "window"]
    x, y, width, height = measured.parts["window"]
    with Image.open(pictures.png("first")) as drawn:
        picture = drawn.convert("RGB")
    assert picture.size == (2560, 800)
    # A window is white on a blue page, and its box ends where it does.
    inside, outside = round(x + width) * 2 - 3, round(x + width) * 2 + 6
    middle = round(2 * y + height)
    assert picture.getpixel((inside, middle)) == (255, 255, 255)
    assert picture.getpixel((outside, middle)) != (255, 255, 255)
    cut = pictures.measured("part").size
    assert cut == (round(width) + 16, round(height) + 16)
    with Image.open(pictures.png("part")) as small:
        assert small.size == (2 * cut[0], 2 * cut[1])


@needs_browser
def test_two_drawings_are_the_same_bytes(pictures: PagePictures) -> None:
    scenario = read_scenario(pictures.scenario("first"))
    with page_browser() as context:
        one, other = (draw_page(context, scenario) for _ in range(2))
    assert one == other
    assert Image.open(io.BytesIO(one.png)).mode == "P"
