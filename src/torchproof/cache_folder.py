"""The cache folder of the user, for what is fetched once and for locks."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """Return the cache folder: $TORCHPROOF_CACHE, or where this system keeps caches of a user.

    On Linux that is ~/.cache, which $XDG_CACHE_HOME moves.
    """
    if chosen := os.environ.get("TORCHPROOF_CACHE"):
        return Path(chosen).resolve()
    return user_cache_path("torchproof", appauthor=False)


def make_private(folder: Path) -> Path:
    """Make a folder that only this user can enter, unless it exists, and return it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
