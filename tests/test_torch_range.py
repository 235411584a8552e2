"""The range of torch versions, in code and in pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from torchproof.finding.marks import BELOW, LOWEST
from torchproof.running.torch_range import ANY, check_version


@pytest.mark.parametrize("version", ["2.7.0", "2.7", "2.13.0+cpu", "2.15.1", "2.10.0a0+gitabc"])
def test_version_inside_the_range(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize("version", ["1.13.1", "2.6.9", "2.16.0", "3.0", "10.7.0", "nightly", ""])
def test_version_outside_the_range_says_what_to_install(version: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        check_version(version)
    assert str(caught.value) == (
        f"torch {version} is outside the range of these pages, 2.7 <= torch < 2.16; "
        "install one inside it, or see constraints.txt for the pin"
    )


def test_a_newer_torch_is_let_in_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ANY, "1")
    check_version("2.16.0")
    with pytest.raises(RuntimeError, match="outside the range"):
        check_version("2.6.0")


def test_range_is_that_of_the_package() -> None:
    path = Path(__file__).parents[1] / "pyproject.toml"
    dependencies = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
    low, high = (".".join(map(str, version)) for version in (LOWEST, BELOW))
    assert f"torch>={low},<{high}" in dependencies
