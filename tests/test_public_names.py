"""What pages import keeps its address, in tracebacks and pickles too."""

from __future__ import annotations

import importlib
import pickle
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PUBLIC = ["replay", "visdom_browser", "visdom_panes", "visdom_server", "visdom_static"]
IMPORTED = re.compile(r"from (torchproof[\w.]*) import ([\w, ]+)")


@pytest.mark.parametrize("name", PUBLIC)
def test_an_error_names_its_public_address(name: str) -> None:
    module = importlib.import_module(f"torchproof.{name}")
    for public in module.__all__:
        value = getattr(module, public)
        if isinstance(value, type) and issubclass(value, Exception):
            assert value.__module__ == module.__name__
            assert type(pickle.loads(pickle.dumps(value("text")))) is value


def test_pages_and_scripts_import_public_names_alone() -> None:
    found = {
        (module, name.strip())
        for folder in ("docs", "gallery")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".md", ".py"} and "_build" not in path.parts and path.name != "conf.py"
        for module, names in IMPORTED.findall(path.read_text(encoding="utf-8"))
        for name in names.split(",")
    }
    assert len(found) > 3
    for module, name in found:
        assert module.removeprefix("torchproof.") in PUBLIC, module
        assert name in importlib.import_module(module).__all__, f"{module}.{name}"
