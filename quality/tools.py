"""The tools that measure a site: those of package-lock.json, which npm fetches, and programs."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from filelock import FileLock

from torchproof.visdom.npm import NpmError, install

FOLDER = Path(__file__).parent


class ToolMissingError(RuntimeError):
    """A tool is not on this machine and cannot be fetched."""


def package(name: str, *, folder: Path = FOLDER) -> Path:
    """Return the folder of a package; npm installs all that the lock names the first time."""
    lock, modules = folder / "package-lock.json", folder / "node_modules"
    # npm's own listing in there says nothing of the hashes that it was given.
    installed = modules / ".torchproof-lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    # Whoever comes second waits, and finds what the first has installed.
    with FileLock(folder / ".npm.lock"):
        if not installed.is_file() or installed.read_text() != digest:
            try:
                install(folder, what=f"what {folder.name}/{lock.name} names")
            except NpmError as error:
                raise ToolMissingError(str(error)) from None
            installed.write_text(digest)
    return modules / name


def program(name: str, remedy: str) -> str:
    """Return the path of a program on PATH; `remedy` says how to get it."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissingError(f"{name} is not on PATH: {remedy}")
    return found
