"""Read the JSON of a pane of a running Visdom server, and render the pane as a picture."""

from __future__ import annotations

from torchproof.visdom.panes import (
    pane_json,
    picture,
)

__all__ = ["pane_json", "picture"]
