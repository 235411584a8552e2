"""Open the page of a running Visdom server in Chromium, for Playwright to drive."""

from __future__ import annotations

from torchproof.visdom.browser import PaneError, browse
from torchproof.visdom.chromium import BrowserMissingError

__all__ = ["BrowserMissingError", "PaneError", "browse"]
