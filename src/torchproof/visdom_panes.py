"""Pictures of panes: what the server holds of a pane, its digest, its file.

A picture is filed under the digest of its pane. So a machine without a browser shows the picture
that another one has drawn, and a pane that has changed never shows an old picture.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchproof.visdom_application import HOST
from torchproof.visdom_browser import draw_panes

Pane = Mapping[str, Any]

# A name, a counter, and what differs from run to run: nothing of what a pane shows.
_NOT_SHOWN = {"command", "contentID", "i", "id"}
_SMALL = 40_000


def picture(server: str | int, win: str, *, env: str = "main") -> bytes:
    """Return the picture of a pane of a running server, as PNG.

    `server` is its URL, or its port on this machine. Raises `LookupError` where the server has no
    such pane, and `BrowserMissingError` where nothing can draw it.
    """
    pane = pane_json(server, win, env=env)
    if pane is None:
        raise LookupError(f"the server {_url(server)} has no pane {win!r} in the env {env!r}")
    return small_png(draw_panes([pane])[0])


def pane_json(server: str | int, win: str, *, env: str = "main") -> dict[str, Any] | None:
    """Return what a running server holds of a pane; None where it has no such pane."""
    where = {"win": win, "eid": env}
    if not _post(server, "win_exists", where):
        return None
    pane: dict[str, Any] = _post(server, "win_data", where)
    return pane


def pane_digest(pane: Pane) -> str:
    """Return 20 hexadecimal digits that are the same for all panes that look the same."""
    shown = {key: value for key, value in pane.items() if key not in _NOT_SHOWN}
    if isinstance(shown.get("content"), str):
        shown["content"] = _without_ids_of_matplotlib(shown["content"])
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
