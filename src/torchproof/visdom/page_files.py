"""The files of Visdom's page that come with the package: its HTML, styles and `main.js`."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

_FOLDER = "visdom/static/"


def static_folder() -> Path | None:
    """Return the folder `static` of the installed Visdom; None if Visdom is not installed."""
    visdom = importlib.util.find_spec("visdom")
    if visdom is None or visdom.origin is None:
        return None
    return Path(visdom.origin).with_name("static")


def page_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of the page in a folder, by its path there.

    A folder into which Visdom has downloaded third-party files has the same digests.
    """
    files = importlib.metadata.files("visdom") or ()
    names = sorted(path.as_posix().removeprefix(_FOLDER) for path in files if _served(path))
    return {name: _digest(folder / name) for name in names}


def page_digest() -> str:
    """Return one digest of the page of the installed Visdom; empty if it is not installed."""
    folder = static_folder()
    if folder is None:
        return ""
    lines = "".join(f"{digest}  {name}\n" for name, digest in page_digests(folder).items())
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def copy_page(source: Path, target: Path) -> None:
    """Replace the page's files in one folder by those of another."""
    for name in page_digests(source):
        shutil.copy(source / name, target / name)


def _served(path: importlib.metadata.PackagePath) -> bool:
    return path.as_posix().startswith(_FOLDER) and path.suffix != ".map"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
