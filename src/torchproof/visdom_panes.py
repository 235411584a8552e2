"""Panes of a running Visdom server: their pictures and their JSON."""

from __future__ import annotations

from torchproof.visdom.panes import (
    pane_json,
    picture,
)

__all__ = ["pane_json", "picture"]
