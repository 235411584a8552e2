"""The page of a running Visdom server in Chromium, for Playwright to act on."""

from __future__ import annotations

from torchproof.visdom.browser import PaneError, browse
from torchproof.visdom.chromium import BrowserMissingError

__all__ = ["BrowserMissingError", "PaneError", "browse"]
