"""The supported range of torch versions; importing this module checks the installed one."""

from __future__ import annotations

import importlib.metadata
import os

from torchproof.finding.marks import BELOW, LOWEST, release_of

ANY = "TORCHPROOF_ANY_TORCH"
"""Environment variable that allows a newer torch, to find out what has changed in it."""


def check_version(version: str) -> None:
    """Raise RuntimeError if this version of torch is outside the supported range."""
    newer_too = os.environ.get(ANY) == "1"
    release = release_of(version)
    if release < LOWEST or (release >= BELOW and not newer_too):
        low, high = (".".join(map(str, v)) for v in (LOWEST, BELOW))
        raise RuntimeError(
            f"torch {version} is outside the range of these pages, {low} <= torch < {high}; "
            "install one inside it, or see constraints.txt for the pin"
        )


try:
    check_version(importlib.metadata.version("torch"))
except importlib.metadata.PackageNotFoundError:
    raise ModuleNotFoundError("No module named 'torch'", name="torch") from None
