"""Environments in words: what tells them apart is named, what they share is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from torchproof.records.environment_names import (
    name_environment,
    name_environments,
    release_ranges,
    telling_fields,
)
from torchproof.running.environment import Environment

PLAIN = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "x86_64", "AVX2", "cpu")
RELEASES = [replace(PLAIN, torch=f"2.{minor}.0") for minor in (7, 8, 9, 11, 13)]


@pytest.mark.parametrize(
    ("releases", "text"),
    [
        ([], ""),
        (["2.9"], "2.9"),
        (["2.10", "2.9"], "2.9 2.10"),
        (["2.8", "2.10", "2.9", "2.7.1", "2.13"], "2.7–2.10 2.13"),
        (["2.7", "2.9", "2.11"], "2.7 2.9 2.11"),
        (["2.9", "3.0", "3.1", "3.2"], "2.9 3.0–3.2"),
    ],
)
def test_releases_that_follow_one_another_are_a_range(releases: list[str], text: str) -> None:
    assert release_ranges(releases) == text


def test_what_differs_between_releases_alone_is_not_named() -> None:
    builds = [replace(e, build=f"cu{number}") for number, e in enumerate(RELEASES)]
    assert telling_fields(RELEASES) == telling_fields(builds) == ()
    assert name_environments(builds, ()) == "2.7–2.9 2.11 2.13"


@pytest.mark.parametrize(
    ("changes", "fields", "text"),
    [
        ({"python": "3.13"}, ("python",), "2.13 (Python 3.11, 3.13)"),
        ({"visdom": "0.2.5"}, ("visdom",), "2.13 (Visdom 0.2.4, 0.2.5)"),
        ({"capability": "AVX512"}, ("capability",), "2.13 (AVX2; AVX512)"),
        ({"torch": "2.13.1"}, ("torch",), "2.13 (torch 2.13.0, 2.13.1)"),
        # The first field that tells them apart is enough.
        ({"python": "3.13", "build": "cu130"}, ("python",), "2.13 (Python 3.11, 3.13)"),
        ({"device": "cuda"}, (), "2.13"),
    ],
)
def test_two_environments_of_one_release_are_told_apart(
    changes: dict[str, str], fields: tuple[str, ...], text: str
) -> None:
    both = [PLAIN, replace(PLAIN, **changes)]
    assert telling_fields(both) == fields
    assert name_environments(both, fields) == text


def test_environments_with_the_same_releases_stand_together() -> None:
    pythons = [replace(PLAIN, python=f"3.{minor}", build="cu130") for minor in (12, 13, 14)]
    both = [*RELEASES, *pythons]
    assert telling_fields(both) == ("python",)
    assert name_environments(both, ("python",)) == (
        "2.7–2.9 2.11 2.13 (Python 3.11), 2.13 (Python 3.12, 3.13, 3.14)"
    )


def test_as_many_fields_as_needed_are_named() -> None:
    three = [PLAIN, replace(PLAIN, python="3.13"), replace(PLAIN, python="3.13", build="cu130")]
    assert telling_fields(three) == ("python", "build")
    assert name_environment(three[2], ("python", "build")) == "Python 3.13, +cu130"
    assert name_environments(three, ("python", "build")) == (
        "2.13 (Python 3.11, +cpu; Python 3.13, +cpu; Python 3.13, +cu130)"
    )
