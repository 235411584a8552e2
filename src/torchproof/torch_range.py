"""The range of torch versions that the pages speak of; importing this checks the installed one."""

from __future__ import annotations

import importlib.metadata
import re

LOWEST = (2, 7)
BELOW = (2, 16)


def check_version(version: str) -> None:
    """Raise RuntimeError if the pages do not speak of this version of torch."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or not LOWEST <= (int(found[1]), int(found[2])) < BELOW:
        low, high = (".".join(map(str, v)) for v in (LOWEST, BELOW))
        raise RuntimeError(
            f"torch {version} is outside the range of these pages, {low} <= torch < {high}; "
            "install one inside it, or see constraints.txt for the pin"
        )


try:
    check_version(importlib.metadata.version("torch"))
except importlib.metadata.PackageNotFoundError:
    raise ModuleNotFoundError("No module named 'torch'", name="torch") from None
