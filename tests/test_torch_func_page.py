"""The page on torch.func names, and the pages document, each of its public names."""

from __future__ import annotations

import re
from pathlib import Path

import torch.func

DOCS = Path(__file__).parents[1] / "docs"


def test_each_name_of_torch_func_is_linked_from_its_page_and_has_an_entry() -> None:
    page = (DOCS / "autograd" / "torch-func.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"<torch\.func\.(\w+)>`", page))
    entries = {
        name
        for area in ("autograd", "nn-module")
        for path in (DOCS / area).glob("*.md")
        for line in re.findall(r"^```\{entry\} (.*)$", path.read_text(encoding="utf-8"), re.M)
        for name in line.split()
    }
    public = set(torch.func.__all__)
    assert public <= linked
    assert {f"torch.func.{name}" for name in public} <= entries
