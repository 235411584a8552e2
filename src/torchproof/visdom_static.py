"""Install Visdom's front end, with its third-party files at pinned versions."""

from __future__ import annotations

from torchproof.visdom.front_end import (
    ASSETS,
    AssetsError,
    front_end_folder,
)

__all__ = ["ASSETS", "AssetsError", "front_end_folder"]
