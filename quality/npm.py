"""The tools that come from npm, at the versions and with the hashes of package-lock.json."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"
MODULES = FOLDER / "node_modules"
# What was installed last; npm's own listing in there says nothing of the hashes that it was given.
INSTALLED = MODULES / ".torchproof-lock"
FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


class ToolMissingError(RuntimeError):
    """A tool is not on this machine and cannot be fetched."""


def package(name: str) -> Path:
    """Return the folder of a package; npm installs all of them the first time."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    # Whoever comes second waits, and finds what the first has installed.
    with FileLock(FOLDER / ".npm.lock"):
        _install(digest)
    return MODULES / name


def _install(digest: str) -> None:
    if not INSTALLED.is_file() or INSTALLED.read_text() != digest:
        npm = program("npm", "install Node.js with npm (apt-get install npm)")
        done = subprocess.run([npm, "ci", *FLAGS], cwd=FOLDER, capture_output=True, text=True)
        if done.returncode:
            last = "\n    ".join(done.stderr.strip().splitlines()[-8:])
            raise ToolMissingError(
                "npm cannot install what quality/package-lock.json names; check that it reaches "
                f"its registry (npm ping), then run again. It said:\n    {last}"
            )
        INSTALLED.write_text(digest)


def program(name: str, remedy: str) -> str:
    """Return the path of a program on PATH; `remedy` says how to get it."""
    found = shutil.which(name)
    if found is None:
        raise ToolMissingError(f"{name} is not on PATH: {remedy}")
    return found
