"""Render panes with Visdom's real front end, in Chromium driven by Playwright.

Each pane is rendered alone, in its own Visdom environment, so its picture depends on nothing but
its JSON. Random numbers are seeded, and no request leaves this machine.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchproof.processes.orphans import end_copies
from torchproof.visdom.application import HOST
from torchproof.visdom.chromium import BrowserMissingError, find_chromium, launch_options
from torchproof.visdom.server import visdom_server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

# Hide the handles, buttons and carets, which are of no use in a picture.
STYLE = """
.react-resizable-handle, .js-plot-link-container, .modebar { display: none !important; }
* { animation: none !important; transition: none !important; caret-color: transparent !important; }
"""
SEED = "let seed = 1; Math.random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;"
# An element that each type of pane contains once drawn; the other types are drawn with the page.
DRAWN = {"plot": ".main-svg", "network": "svg circle", "embeddings": "canvas"}
# The front end fetches the marker of an embedded point from here; a white disc replaces it.
SPRITE = "https://fastforwardlabs.github.io/visualization_assets/circle-sprite.png"
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Content-Type": "image/png"}
SETTLED = """
async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    await new Promise((done) => MathJax.Hub.Queue(done));
    // The layout of a graph takes 300 ticks of d3 to come to rest: 5 s, unless they are asked for.
    for (let tick = 0; tick < 1000; tick++) d3.timer.flush();
}
"""


PIXELS = 2
"""Device pixels per CSS pixel, in width and in height."""
# Browser settings that affect a picture.
PAGE: dict[str, Any] = {
    "color_scheme": "light",
    "device_scale_factor": PIXELS,
    "locale": "en-US",
    "reduced_motion": "reduce",
    "timezone_id": "UTC",
    # The front end assumes a grid 1280 pixels wide until it measures it after 0.2 s.
    "viewport": {"width": 1280, "height": 1200},
}


class PaneError(RuntimeError):
    """The front end does not draw a pane; `lasting` if no machine could draw it."""

    # Pages import it, and tracebacks show it, under this name.
    __module__ = "torchproof.visdom_browser"

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True)
class Drawn:
    """A picture of a pane as PNG, and the major version of Chromium that drew it."""

    png: bytes
    chromium: str


def draw_panes(panes: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Return the picture of each pane as PNG, with `PIXELS` device pixels per CSS pixel."""
    pictures = []
    with contextlib.closing(draw_each(panes)) as each:
        for drawn in each:
            if isinstance(drawn, PaneError):
                raise drawn
            pictures.append(drawn.png)
    return pictures


def draw_each(panes: Sequence[Mapping[str, Any]]) -> Generator[Drawn | PaneError]:
    """Draw the panes one by one; yield an error in place of a pane that cannot be drawn.

    Raises `BrowserMissingError` or `AssetsError` if there is a pane to draw but no browser or no
    front end.
    """
    envs = [_env(pane) for pane in panes]
    if all(isinstance(env, PaneError) for env in envs):
        yield from (env for env in envs if isinstance(env, PaneError))
        return
    with tempfile.TemporaryDirectory(prefix="torchproof-panes-") as folder:
        Path(folder, "style.css").write_text(STYLE)
        for number, env in enumerate(envs):
            if isinstance(env, str):
                Path(folder, f"{number}.json").write_text(env)
        with (
            browser_context() as context,
            visdom_server(front_end=True, env_path=Path(folder)) as server,
        ):
            for number, (pane, env) in enumerate(zip(panes, envs, strict=True)):
                url = f"{server.url}/env/{number}"
                yield env if isinstance(env, PaneError) else _draw(context, pane, url=url)


def drawing_settings() -> str:
    """Return all of our settings that affect how a pane is drawn, as text."""
    return json.dumps([STYLE, SEED, SETTLED, DRAWN, PAGE], sort_keys=True)


def missing_browser() -> str:
    """Return why no browser can be driven on this machine; empty if one can."""
    try:
        find_chromium()
        _playwright()
    except BrowserMissingError as error:
        return str(error)
    return ""


@contextlib.contextmanager
def browse(url: str) -> Iterator[Page]:
    """Open a page of a running server in Chromium, for Playwright to drive.

    The server needs a front end (`visdom_server(front_end=True)`). The page is yielded once it is
    connected to the server. Raises `BrowserMissingError`.
    """
    with browser_context() as context:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("button", name="online").wait_for()
        yield page


@contextlib.contextmanager
def browser_context() -> Iterator[BrowserContext]:
    """Start a browser that reaches only servers on this machine; raises BrowserMissingError."""
    chromium = find_chromium()
    with contextlib.ExitStack() as stack:
        with _driver_errors():
            playwright = stack.enter_context(_playwright())
            context = stack.enter_context(_launch(playwright, chromium))
        context.add_init_script(SEED)
        # A forked copy of this process must not close the browser.
        with end_copies():
            yield context


def _launch(playwright: Playwright, chromium: Path) -> BrowserContext:
    from playwright.sync_api import Error

    try:
        # A profile on disk, even a temporary one, caches compiled scripts from pane to pane.
        return playwright.chromium.launch_persistent_context("", **launch_options(HOST), **PAGE)
    except Error as error:
        raise BrowserMissingError(
            f"{chromium} does not start: run it in a terminal to see why, or set "
            f"$TORCHPROOF_CHROMIUM to another one ({error.message.splitlines()[0]})"
        ) from None


def _playwright() -> AbstractContextManager[Playwright]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise BrowserMissingError(
            "nothing drives the browser that draws the panes: pip install 'torchproof[panes]'"
        ) from None
    return sync_playwright()


@contextlib.contextmanager
def _driver_errors() -> Iterator[None]:
    """Turn Playwright's bare Exception for a Node.js that fails to start into ours."""
    try:
        yield
    except Exception as error:
        if "from the driver" not in str(error):
            raise
        raise BrowserMissingError(
            "Playwright does not start: run `python -m playwright --version` to see why "
            f"({error}); minimal containers lack libatomic.so.1: apt-get install libatomic1"
        ) from None


def _env(pane: Mapping[str, Any]) -> str | PaneError:
    # All get the same id, which is not visible in a pane.
    panes = {"pane": {**pane, "id": "pane", "contentID": "content"}}
    try:
        return json.dumps({"jsons": panes, "reload": {}}, allow_nan=False)
    except ValueError:
        return PaneError(
            f"the pane {pane.get('id')!r} holds a NaN or an infinity, which is no JSON: the front "
            "end of Visdom never draws it (visdom issue 617); leave such numbers out",
            lasting=True,
        )


def _draw(context: BrowserContext, pane: Mapping[str, Any], *, url: str) -> Drawn | PaneError:
    from playwright.sync_api import Error

    try:
        with contextlib.closing(context.new_page()) as page:
            if pane["type"] == "embeddings":
                page.route(SPRITE, lambda route: route.fulfill(body=_disc(), headers=ANY_ORIGIN))
            page.goto(url)
            item = page.locator(".react-grid-item")
            item.locator(DRAWN.get(pane["type"], ".content")).first.wait_for()
            page.evaluate(SETTLED)
            before, picture = b"", item.screenshot()
            while before != picture:
                before, picture = picture, item.screenshot()
            agent: str = page.evaluate("navigator.userAgent")
    except Error as error:
        return PaneError(
            f"the front end of Visdom does not draw the pane {pane.get('id')!r}, of type "
            f"{pane['type']}; look at it in a browser: python -m torchproof.visdom_server\n"
            f"    {error.message.splitlines()[0]}"
        )
    return Drawn(picture, agent.partition("Chrome/")[2].partition(".")[0])


def _disc() -> bytes:
    from PIL import Image, ImageDraw

    disc = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    ImageDraw.Draw(disc).ellipse((1, 1, 30, 30), fill="white")
    png = io.BytesIO()
    disc.save(png, "PNG")
    return png.getvalue()
