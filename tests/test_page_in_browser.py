"""What a reader's browser copies and prints from a page."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import CONF, Site, entry, page

from torchproof.visdom_browser import find_browser, missing_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(missing_browser(), reason="needs Chromium"),
]
DOCS = Path(__file__).parents[1] / "docs"
BLOCK = """\
>>> layer = nn.Linear(1, 1)
>>> for name in ["weight"]:
...     if layer.training:
...         _ = layer.train()
...
>>> layer.eval().training
False
>>> print("last")
last"""
