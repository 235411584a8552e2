"""The user's cache folder, for downloads, builds and locks."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """Return the cache folder: $TORCHPROOF_CACHE, or `torchproof` in the system's user cache.

    On Linux the user cache is $XDG_CACHE_HOME, by default ~/.cache.
    """
    if chosen := os.environ.get("TORCHPROOF_CACHE"):
        return Path(chosen).resolve()
    return user_cache_path("torchproof", appauthor=False)


def make_private(folder: Path) -> Path:
    """Create a folder that only this user can enter, unless it exists; return it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
