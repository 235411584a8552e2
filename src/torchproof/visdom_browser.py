"""Open the page of a running Visdom server in Chromium, for Playwright to drive."""

from __future__ import annotations

from torchproof.visdom.browser import (
    BrowserMissingError,
    PaneError,
    browse,
)

__all__ = ["BrowserMissingError", "PaneError", "browse"]
