"""The versions that a picture of a pane depends on; if one changes, it is outdated."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from pathlib import Path

from torchproof.visdom.browser import drawing_settings
from torchproof.visdom.front_end import ASSETS
from torchproof.visdom.page_files import page_digest


def versions() -> dict[str, str]:
    """Return the version of Visdom, and digests of its page and of how we draw it."""
    return {
        "Visdom": importlib.metadata.version("visdom"),
        "page": page_digest(),
        "front end": _front_end(ASSETS),
        "settings": _digest(drawing_settings()),
    }


@functools.cache
def _front_end(assets: Path) -> str:
    # As text, since line ends differ in a checkout on Windows.
    files = ("package-lock.json", "table.toml")
    return _digest("".join((assets / name).read_text(encoding="utf-8") for name in files))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
