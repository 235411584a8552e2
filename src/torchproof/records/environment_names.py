"""Name environments by the fields that distinguish them, grouped by what they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from torchproof.finding.marks import release_of
from torchproof.running.environment import Environment

_FIELDS = ("python", "visdom", "capability", "machine", "system", "device_name", "torch", "build")
"""Fields that may distinguish environments of one release, in the order they are tried."""
_WORDS = {"python": "Python ", "visdom": "Visdom ", "torch": "torch ", "build": "+"}


def telling_fields(environments: Iterable[Environment]) -> tuple[str, ...]:
    """Return the fields that distinguish environments beside device and release."""
    told = list(environments)
    chosen: list[str] = []
    for field in _FIELDS:
        values: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for environment in told:
            values[_key(environment, chosen)].add(getattr(environment, field))
        if any(len(several) > 1 for several in values.values()):
            chosen.append(field)
    return tuple(chosen)


def name_environment(environment: Environment, fields: Sequence[str]) -> str:
    """Return the fields of an environment in words, such as `Python 3.13, AVX2`."""
    return ", ".join(_WORDS.get(field, "") + getattr(environment, field) for field in fields)


def name_environments(environments: Sequence[Environment], fields: Sequence[str]) -> str:
    """Return environments of one device in words, such as `2.9 2.13 (Python 3.11)`.

    Environments that differ in `fields` are listed apart; shared releases are named once.
    """
    releases: dict[str, set[str]] = defaultdict(set)
    for environment in environments:
        releases[name_environment(environment, fields)].add(release_name(environment.torch))
    groups: dict[str, list[str]] = defaultdict(list)
    for name, several in releases.items():
        groups[release_ranges(several)].append(name)
    return ", ".join(
        f"{ranges} ({_joined(names)})" if any(names) else ranges for ranges, names in groups.items()
    )


def release_name(version: str) -> str:
    """Return the minor release of a version, such as 2.13."""
    return "{}.{}".format(*release_of(version))


def release_ranges(releases: Iterable[str]) -> str:
    """Return sorted releases, with three or more consecutive ones as a range."""
    runs: list[list[tuple[int, int]]] = []
    for major, minor in sorted(set(map(release_of, releases))):
        if runs and runs[-1][-1] == (major, minor - 1):
            runs[-1].append((major, minor))
        else:
            runs.append([(major, minor)])
    parts = []
    for run in runs:
        names = ["{}.{}".format(*release) for release in run]
        parts += names if len(names) < 3 else [f"{names[0]}–{names[-1]}"]
    return " ".join(parts)


def _key(environment: Environment, chosen: Sequence[str]) -> tuple[str, ...]:
    values = (getattr(environment, field) for field in chosen)
    return (environment.device, release_name(environment.torch), *values)


def _joined(names: Sequence[str]) -> str:
    """Join names, with a first word that all share written once."""
    word, space, _ = names[0].partition(" ")
    prefix = word + space
    if space and all(name.startswith(prefix) and "," not in name for name in names):
        return prefix + ", ".join(name.removeprefix(prefix) for name in names)
    return "; ".join(names)
