"""Parse TOML with the line numbers that tomllib does not report."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from torchproof.finding.subjects import Problem


def parse_toml(text: str, *, file: str) -> tuple[dict[str, Any], Problem | None]:
    """Return the data of a TOML text, or a problem with its line if it is invalid."""
    try:
        return tomllib.loads(text), None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else max(1, text.count("\n"))
        return {}, Problem(file, line, f"not TOML: {error}")


def lines_of_tables(text: str, name: str) -> list[int]:
    """Return the first line of each table of an array, from 1."""
    head = re.compile(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if head.match(line)]
