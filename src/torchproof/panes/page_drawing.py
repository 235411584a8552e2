"""Draw Visdom's whole page as a scenario leaves it, and measure its labelled parts.

The page is the real one of a new server, in Chromium, with its buttons and handles. Nothing of it
depends on when the picture is taken: it is taken once all windows are there, no timer of the front
end is left, and two pictures in a row are equal.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchproof.panes.page_scenario import SIZE, Scenario
from torchproof.visdom.browser import PAGE, SEED, SETTLED, browser_context
from torchproof.visdom.png import smaller
from torchproof.visdom.server import visdom_server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

LARGEST = 150 * 1024
"""Bytes of a picture."""
# The front end lays its grid out for 1280 pixels, and measures the page 0.2 s later; it puts
# windows on the page in batches. Both are timers: none is left once the page has come to rest.
TIMERS = """
{
    const [set, clear] = [window.setTimeout.bind(window), window.clearTimeout.bind(window)];
    const left = (window.timersLeft = new Set());
    window.setTimeout = (call, delay, ...given) => {
        const timer = set(() => {
            left.delete(timer);
            return typeof call === "function" ? call(...given) : window.eval(call);
        }, delay);
        left.add(timer);
        return timer;
    };
    window.clearTimeout = (timer) => {
        left.delete(timer);
        clear(timer);
    };
}
"""
DRAWN = """
(number) =>
    document.querySelectorAll(".react-grid-item").length === number &&
    [...document.querySelectorAll(".plotly-graph-div, .js-plotly-plot")].every(
        (plot) => plot.querySelector(".main-svg")
    ) &&
    timersLeft.size === 0
"""
AT_REST = "() => timersLeft.size === 0"
MARGIN = 8
"""CSS pixels around the part that a picture is cut to."""
Box = tuple[float, float, float, float]
"""Left, top, width and height in CSS pixels, from the picture's top left corner."""


@dataclass(frozen=True)
class DrawnPage:
    """A picture as PNG, its size in CSS pixels, the boxes of its parts, and Chromium's version."""

    png: bytes
    size: tuple[int, int]
    parts: dict[str, Box]
    chromium: str


def page_settings() -> str:
    """Return all of our settings that affect how a page is drawn, as text."""
    return json.dumps([SEED, SETTLED, PAGE, SIZE, TIMERS, DRAWN, MARGIN, LARGEST], sort_keys=True)


@contextlib.contextmanager
def page_browser() -> Iterator[BrowserContext]:
    """Start a browser for pictures of pages; raises BrowserMissingError."""
    with browser_context() as context:
        context.add_init_script(TIMERS)
        yield context


def draw_page(context: BrowserContext, scenario: Scenario) -> DrawnPage:
    """Draw a scenario; raises ScenarioError, or AssetsError where no front end is."""
    import visdom
    from playwright.sync_api import Error

    with visdom_server(front_end=True) as server, contextlib.closing(context.new_page()) as page:
        client = visdom.Visdom(port=server.port, raise_exceptions=True, use_incoming_socket=False)
        try:
            scenario.windows(client)
            page.set_viewport_size({"width": scenario.size[0], "height": scenario.size[1]})
            _open(page, f"{server.url}/{scenario.address}")
            scenario.drive(page)
            page.wait_for_function(AT_REST)
            page.evaluate(SETTLED)
        except Exception as error:
            raise scenario.error(error) from error
        clip = _clip(page, scenario)
        parts = dict(_measured(page, scenario, clip))
        before, png = b"", _shot(page, clip)
        while before != png:
            before, png = png, _shot(page, clip)
        agent: str = page.evaluate("navigator.userAgent")
        with contextlib.suppress(Error):
            page.goto("about:blank")
    png = small(png)
    if len(png) > LARGEST:
        told = ValueError(
            f"the picture has {len(png) // 1024} KiB; draw less, or make SIZE smaller"
        )
        raise scenario.error(told, at="SIZE")
    version = agent.partition("Chrome/")[2].partition(".")[0]
    return DrawnPage(png, (round(clip[2]), round(clip[3])), parts, version)


def small(png: bytes) -> bytes:
    """Reduce a picture to 256 colours: smoothly if it is small enough then, else in any case."""
    from PIL import Image

    smooth = smaller(png)
    if len(smooth) <= LARGEST:
        return smooth
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    reduced = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    file = io.BytesIO()
    reduced.save(file, "PNG", optimize=True)
    return file.getvalue()


def _open(page: Page, url: str) -> None:
    """Open the page, and wait until it shows each window that the server sends it."""
    told: list[dict[str, str]] = []

    def hear(frame: str | bytes) -> None:
        told.append(json.loads(frame))

    def is_last(frame: str | bytes) -> bool:
        return bool(json.loads(frame).get("command") == "layout")

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    with page.expect_websocket() as opening:
        page.goto(url)
    if not any(one.get("command") == "layout" for one in told):
        opening.value.wait_for_event("framereceived", is_last)
    ids = {one["id"] for one in told if one.get("command") in ("window", "pane")}
    page.wait_for_function(DRAWN, arg=len(ids))
    page.evaluate(SETTLED)


def _clip(page: Page, scenario: Scenario) -> Box:
    width, height = scenario.size
    if not scenario.part:
        return (0, 0, width, height)
    left, top, wide, high = _box(page.locator(scenario.part), scenario, scenario.part)
    right, bottom = min(left + wide + MARGIN, width), min(top + high + MARGIN, height)
    left, top = max(left - MARGIN, 0), max(top - MARGIN, 0)
    return (round(left), round(top), round(right) - round(left), round(bottom) - round(top))


def _measured(page: Page, scenario: Scenario, clip: Box) -> Iterator[tuple[str, Box]]:
    for name, selector in scenario.labels.items():
        left, top, width, height = _box(page.locator(selector), scenario, selector)
        box = (round(left - clip[0], 1), round(top - clip[1], 1), round(width, 1), round(height, 1))
        inside = 0 <= box[0] + width / 2 <= clip[2] and 0 <= box[1] + height / 2 <= clip[3]
        if not inside:
            told = ValueError(f"the part `{name}` lies outside of the picture")
            raise scenario.error(told, at=selector)
        yield name, box


def _box(locator: Locator, scenario: Scenario, selector: str) -> Box:
    from playwright.sync_api import Error

    try:
        locator.wait_for(timeout=5000)
        box = locator.bounding_box()
    except Error as error:
        number = locator.count()
        found = f"`{selector}` matches {number} elements; it has to match one, and a visible one"
        raise scenario.error(LookupError(found), at=selector) from error
    assert box is not None
    return (box["x"], box["y"], box["width"], box["height"])


def _shot(page: Page, clip: Sequence[float]) -> bytes:
    left, top, width, height = clip
    area = {"x": left, "y": top, "width": width, "height": height}
    return page.screenshot(animations="disabled", caret="hide", clip=area)  # type: ignore[arg-type]
