"""Cache the introspection of the names on the site, so that a build need not import torch."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from torchproof.api.inventory import Description, Name
from torchproof.code_digest import digest_of
from torchproof.files import write_atomically
from torchproof.running.preloading import explain
from torchproof.running.worker import WorkerError


@dataclass(frozen=True)
class Descriptions:
    """The inventory, and descriptions of its names and of others that have entries."""

    names: tuple[Name, ...]
    described: Mapping[str, Description]
    errors: Mapping[str, str]
    """Error messages for names that do not exist."""
    aliases: Mapping[str, Sequence[str]]
    """Other public names of functions and classes that have entries."""

    @classmethod
    def load(cls, wanted: Iterable[str], *, cache: Path) -> Self:
        """Return the descriptions from the cache; introspect in a new process if it is outdated.

        Raises WorkerError if torch cannot be imported there.
        """
        path = cache / "descriptions.json"
        names = sorted(wanted)
        key = _key()
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            data = {}
        # All public names are described, so an entry added for one needs no new process.
        if data.get("key") != key or not {*data["described"], *data["errors"]}.issuperset(names):
            data = {"key": key, **_introspect(names)}
            write_atomically(path, json.dumps(data))
        return cls(
            names=tuple(Name(**name) for name in data["names"]),
            described={k: Description(**v) for k, v in data["described"].items()},
            errors=data["errors"],
            aliases=data["aliases"],
        )

    def fingerprint(self, name: str) -> str:
        """Return a text that changes when the description of a name changes."""
        return str(self.described.get(name, self.errors.get(name, "")))


def split_parameters(signature: str) -> tuple[list[str], str]:
    """Split `(a, b=(1, 2)) -> T` at its top-level commas; return parameters and return type."""
    parameters, depth, start = [], 0, 1
    for index, character in enumerate(signature):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        if (character == "," and depth == 1) or (character == ")" and depth == 0):
            if text := signature[start:index].strip():
                parameters.append(text)
            start = index + 1
            if depth == 0:
                break
    return parameters, signature[start:].partition("->")[2].strip()


def _key() -> dict[str, str]:
    """Return what descriptions depend on; each Python writes some signatures in its own way."""
    return {
        "python": "{}.{}".format(*sys.version_info),
        "code": digest_of(("api.inventory",)),
        **{package: _version(package) for package in ("torch", "visdom")},
    }


def _introspect(names: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "torchproof.api.inventory", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorkerError(explain(done.stderr.strip().rpartition("\n")[2]))
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
