"""The cache folder of the user, for what is fetched once and for locks."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache folder: $TORCHPROOF_CACHE, or the user's, which $XDG_CACHE_HOME moves."""
    if chosen := os.environ.get("TORCHPROOF_CACHE"):
        return Path(chosen).resolve()
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user, "torchproof")


def make_private(folder: Path) -> Path:
    """Make a folder that only this user can enter, unless it exists, and return it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
