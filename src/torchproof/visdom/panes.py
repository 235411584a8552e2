"""A pane of a running Visdom server: its JSON and its picture."""

from __future__ import annotations

from typing import Any

from torchproof.visdom.application import HOST
from torchproof.visdom.browser import draw_panes
from torchproof.visdom.png import smaller
from torchproof.visdom.routes import ask


def picture(server: str | int, win: str, env: str = "main") -> bytes:
    """Return the picture of a pane of a running server, as PNG.

    `server` is the server's URL, or its port on this machine. Raises `LookupError` if the server
    has no such pane, `BrowserMissingError` without a browser, `PaneError` if the pane is not drawn.
    """
    pane = pane_json(server, win, env)
    if pane is None:
        raise LookupError(f"the Visdom server {server} has no pane {win!r} in the env {env!r}")
    return smaller(draw_panes([pane])[0])


def pane_json(server: str | int, win: str, env: str = "main") -> dict[str, Any] | None:
    """Return the JSON of a pane of a running server, or None if it has no such pane."""
    if not _ask(server, "win_exists", win=win, eid=env):
        return None
    pane: dict[str, Any] = _ask(server, "win_data", win=win, eid=env)
    return pane


def _ask(server: str | int, question: str, **where: str) -> Any:
    url = f"http://{HOST}:{server}" if isinstance(server, int) else server.rstrip("/")
    try:
        return ask(url, question, **where)
    except OSError as error:
        raise ConnectionError(
            f"no Visdom server answers at {url}/{question} ({error}): start one with "
            "python -m torchproof.visdom_server"
        ) from error
