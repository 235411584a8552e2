"""What introspection said is kept for as long as it would say the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import torchproof

NAME = "torch.nn.Module.to"
LOAD = f"""
import sys
from pathlib import Path
from torchproof.api.descriptions import Descriptions
print(Descriptions.load(["{NAME}"], cache=Path(sys.argv[1])).described["{NAME}"].signature)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, whose code a test can change."""
    source = Path(torchproof.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(source, tmp_path / "src" / "torchproof", ignore=ignored))


@pytest.fixture
def shown(package: Path, tmp_path: Path) -> Callable[[], str]:
    """Load what is kept, and return the signature of a method."""

    def load() -> str:
        env = {**os.environ, "PYTHONPATH": str(package.parent)}
        command = [sys.executable, "-c", LOAD, str(tmp_path)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    return load


def edit_kept(folder: Path, **key: str) -> None:
    """Write what introspection never says into what is kept, and change its key."""
    path = folder / "descriptions.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert data["key"].keys() >= key.keys()
    data["key"] |= key
    data["described"][NAME]["signature"] = "(kept)"
    path.write_text(json.dumps(data), encoding="utf-8")


def test_what_is_kept_is_shown_until_the_code_that_said_it_changes(
    package: Path, shown: Callable[[], str], tmp_path: Path
) -> None:
    fresh = shown()
    assert "args" in fresh
    edit_kept(tmp_path)
    assert "(kept)" in shown()
    with (package / "api" / "annotations.py").open("a", encoding="utf-8") as file:
        file.write("\n# A comment says nothing of a signature.\n")
    assert "(kept)" in shown()
    with (package / "api" / "annotations.py").open("a", encoding="utf-8") as file:
        file.write("\nADDED = 1\n")
    assert shown() == fresh


@pytest.mark.parametrize("what", ["python", "torch", "visdom"])
def test_what_another_version_said_is_not_shown(
    what: str, shown: Callable[[], str], tmp_path: Path
) -> None:
    fresh = shown()
    edit_kept(tmp_path, **{what: "2.6"})
    assert shown() == fresh
