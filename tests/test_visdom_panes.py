import io
import itertools
import json
import math
import queue
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import visdom
from PIL import Image

from torchproof.panes.data import shown, shown_text
from torchproof.panes.difference import difference
from torchproof.visdom.browser import PaneError, browse, draw_panes
from torchproof.visdom.chromium import BrowserMissingError, find_chromium
from torchproof.visdom.panes import pane_json, picture
from torchproof.visdom.png import smaller
from torchproof.visdom.server import Server, visdom_server

pytestmark = [
    # The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
]


def chromium_reason() -> str:
    try:
        find_chromium()
    except BrowserMissingError as error:
        return str(error)
    return ""


def needs_browser(test: Any) -> Any:
    skip = pytest.mark.skipif(bool(chromium_reason()), reason=chromium_reason())
    return pytest.mark.browser(skip(test))


PANE = {
    "command": "window",
    "type": "text",
    "content": "<b>hello</b>",
    "title": "",
    "width": None,
    "height": None,
    "inflate": True,
}


def client(server: Server) -> visdom.Visdom:
    return visdom.Visdom(port=server.port, raise_exceptions=True, use_incoming_socket=False)


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def colours(png: bytes) -> int:
    return len(Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 20) or [])


def draw_everything(vis: visdom.Visdom) -> None:
    vis.line([1.0, 4.0, 9.0], win="line", opts={"title": r"$\mathcal{L}(\theta)$"})
    vis.text("hello", win="text")
    vis.image(np.arange(300, dtype="uint8").reshape(3, 10, 10), win="image")
    vis.surf(np.outer(np.arange(5.0), np.arange(5.0)), win="surf")
    vis.graph([[0, 1], [1, 2], [2, 0], [2, 3]], list("abcd"), list("ABCD"), win="graph")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    vis.matplot(figure, win="matplot")
    plt.close(figure)


@pytest.fixture(scope="module")
def panes() -> Iterator[dict[str, dict[str, Any]]]:
    """The panes of `draw_everything`, by window."""
    with visdom_server() as server, pytest.warns(DeprecationWarning, match="warn"):
        draw_everything(client(server))
        found: dict[str, dict[str, Any]] = json.loads(client(server).get_window_data(None))
    yield found


def test_a_pane_shows_the_same_on_another_server(panes: dict[str, dict[str, Any]]) -> None:
    with visdom_server() as server:
        draw_everything(client(server))
        for win, pane in panes.items():
            again = pane_json(server.port, win)
            assert again is not None
            assert again["contentID"] != pane["contentID"]
            assert shown_text(again) == shown_text(pane), win


def test_all_that_is_shown_is_told_apart(panes: dict[str, dict[str, Any]]) -> None:
    matplot = panes["matplot"]
    moved = {**matplot, "content": matplot["content"].replace('y="307', 'y="308')}
    variants = [
        *panes.values(),
        moved,
        {**panes["line"], "title": "Loss"},
        {**panes["text"], "width": 100},
        {**panes["text"], "content": "hello?"},
    ]
    for one, other in itertools.combinations(map(shown, variants), 2):
        assert difference(one, other) != ""
        assert difference(other, one) != ""


def test_a_missing_pane_is_none_and_has_no_picture() -> None:
    with visdom_server() as server:
        client(server).text("hello", win="text")
        assert pane_json(server.url, "text") == pane_json(server.port, "text")
        assert pane_json(server.url, "other") is None
        assert pane_json(server.url, "text", "other") is None
        with pytest.raises(LookupError, match="has no pane 'other' in the env 'main'"):
            picture(server.url, "other")


def test_without_a_server_the_error_says_how_to_start_one() -> None:
    with pytest.raises(ConnectionError, match="start one with python -m torchproof"):
        pane_json(9, "text")


@needs_browser
def test_the_picture_of_a_pane_of_a_running_server() -> None:
    with visdom_server() as server:
        client(server).bar([1.0, 2.0], win="bar", opts={"width": 300, "height": 200})
        png = picture(server.url, "bar")
    width, height = size(png)
    # The front end rounds to its grid, and puts a bar of 14 pixels on top.
    assert width == pytest.approx(2 * 300, abs=10)
    assert height == pytest.approx(2 * 214, abs=30)
    assert colours(png) > 20
    assert len(png) < 40_000


@needs_browser
def test_a_picture_depends_on_its_pane_only(panes: dict[str, dict[str, Any]]) -> None:
    first = draw_panes(list(panes.values()))
    renamed = [{**pane, "id": f"{win}2", "contentID": win} for win, pane in panes.items()]
    again = draw_panes(renamed[::-1])[::-1]
    for win, one, other in zip(panes, first, again, strict=True):
        assert one == other, win
        assert colours(one) > 20, win
        assert len(smaller(one)) < 40_000, win


def test_a_pane_with_a_nan_is_not_drawn() -> None:
    pane = {**PANE, "id": "loss", "type": "plot", "content": {"data": [{"y": [math.nan]}]}}
    with pytest.raises(PaneError, match="the pane 'loss' holds a NaN or an infinity"):
        draw_panes([pane])


def test_few_colours_are_kept_as_they_are_and_so_are_photographs() -> None:
    ramp = np.arange(256, dtype="uint8").repeat(256).reshape(256, 256)
    few = np.stack([ramp, ramp, ramp], 2)
    many = np.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    for pixels in (few, many):
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG")
        small = smaller(png.getvalue())
        assert len(small) <= len(png.getvalue())
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(small)).convert("RGB")), pixels)


@needs_browser
def test_a_page_can_be_acted_on() -> None:
    with visdom_server(front_end=True) as server:
        vis: Any = visdom.Visdom(port=server.port, raise_exceptions=True)
        heard: queue.Queue[dict[str, Any]] = queue.Queue()
        vis.properties([{"type": "button", "name": "halt", "value": "Halt"}], win="control")
        vis.register_event_handler(heard.put, "control")
        with browse(server.url) as page:
            page.get_by_role("button", name="Halt").click()
            assert heard.get(timeout=30)["event_type"] == "PropertyUpdate"
