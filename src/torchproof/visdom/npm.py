"""Install npm packages at the versions and with the integrity hashes of a package-lock.json.

The lock file names no registry; npm uses the configured one.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")

_log = logging.getLogger(__name__)


class NpmError(RuntimeError):
    """npm is not installed, or its installation of the packages failed."""


def install(folder: Path, *, what: str, flags: Sequence[str] = ()) -> None:
    """Install the packages that a folder's package-lock.json pins into its node_modules.

    `what` describes them in messages. Raises `NpmError`.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NpmError(
            "npm is not on PATH: install Node.js with npm (apt-get install npm), which fetches "
            f"{what}"
        )
    _log.info("npm fetches %s, this once", what)
    command = [npm, "ci", *FLAGS, *flags]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = "\n    ".join(done.stderr.strip().splitlines()[-8:])
        raise NpmError(
            f"npm cannot install {what}; check that it reaches its registry (npm ping), then run "
            f"again. It said:\n    {last}"
        )
