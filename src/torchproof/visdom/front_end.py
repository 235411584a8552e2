"""Install Visdom's front end: its static files and the third-party ones that it would download.

The third-party files come from npm, at pinned versions with integrity hashes, into the user's cache
folder. Nothing is written into site-packages. A server that only serves the API needs none of this.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import tempfile
import tomllib
from pathlib import Path

from filelock import FileLock

from torchproof.cache_folder import cache_folder, make_private
from torchproof.visdom.npm import NpmError, install
from torchproof.visdom.page_files import copy_page, page_digest, page_digests, static_folder

ASSETS = Path(__file__).with_name("assets")


class AssetsError(RuntimeError):
    """The front end cannot be installed as pinned."""

    # Pages import it, and tracebacks show it, under this name.
    __module__ = "torchproof.visdom_static"


def front_end_folder(*, assets: Path = ASSETS, cache: Path | None = None) -> Path:
    """Return the folder to serve under /static; npm fills it on the first call.

    `assets` holds package.json, package-lock.json and table.toml. Raises `AssetsError`.
    """
    page = static_folder()
    if page is None:
        raise AssetsError("visdom is not installed: pip install 'torchproof[visdom]'")
    cache = make_private(cache or cache_folder())
    key = _digest(assets)[:12]
    folder = cache / f"visdom-{importlib.metadata.version('visdom')}-{key}"
    # A second process waits for the lock and then finds the folder of the first.
    with FileLock(cache / f"{folder.name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="partial-", dir=cache) as partial:
                static = Path(partial, "static")
                shutil.copytree(page, static)
                _add_assets(static, assets=assets, work=Path(partial))
                static.rename(folder)
        folder = _with_page(folder, page)
    for path, (_, expected) in _table(assets).items():
        _verify(folder / path, expected, next_step=f"remove the folder {folder} and run again")
    return folder


def _with_page(folder: Path, page: Path) -> Path:
    """Return the folder if it has the installed Visdom's own page, else a copy that has it."""
    if page_digests(folder) == page_digests(page):
        return folder
    other = folder.with_name(f"{folder.name}-{page_digest()}")
    if not other.exists():
        with tempfile.TemporaryDirectory(prefix="partial-", dir=folder.parent) as partial:
            static = Path(partial, "static")
            shutil.copytree(folder, static)
            copy_page(page, static)
            static.rename(other)
    return other


def _add_assets(static: Path, *, assets: Path, work: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(assets / name, work)
    try:
        install(
            work,
            what="the third-party files of Visdom's front end",
            flags=["--legacy-peer-deps"],
        )
    except NpmError as error:
        raise AssetsError(str(error)) from None
    for path, (member, expected) in _table(assets).items():
        source = work / "node_modules" / member
        _verify(
            source,
            expected,
            next_step=f"compare {assets / 'table.toml'} with what npm installs, then run again",
        )
        (static / path).parent.mkdir(parents=True, exist_ok=True)
        source.rename(static / path)


def _table(assets: Path) -> dict[str, tuple[str, str]]:
    files = tomllib.loads((assets / "table.toml").read_text())["files"]
    return {path: (entry["from"], entry["sha256"]) for path, entry in files.items()}


def _verify(path: Path, expected: str, *, next_step: str) -> None:
    got = _digest(path) if path.exists() else "no such file"
    if got != expected:
        raise AssetsError(
            f"{path} is not what it should be\n"
            f"    sha256 expected: {expected}\n    sha256 found:    {got}\n    {next_step}"
        )


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or for a folder, that of sha256sum's output for its files."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(f.relative_to(path).as_posix() for f in path.rglob("*") if f.is_file())
    listing = "".join(f"{_digest(path / name)}  {name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()
