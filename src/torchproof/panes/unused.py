"""List or remove pictures of panes that no page or script shows.

A page declares its panes; a script has to run to tell. `python -m torchproof.panes.unused`
lists the unused pictures, `--prune` removes them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from torchproof.finding.tree import find_in_tree, script_paths
from torchproof.panes.pictures import PanePictures
from torchproof.panes.place import page_places

REMOVE = "tox -e panes -- --prune"


class ScriptsError(RuntimeError):
    """A script that fails, so that its panes are unknown."""


def shown_on_pages(root: Path) -> set[PurePosixPath]:
    """Return the places of all panes that pages show."""
    subjects = find_in_tree(root).subjects
    return {place for subject in subjects for place in page_places(subject).values()}


def scripts_with_panes(root: Path) -> dict[PurePosixPath, Path]:
    """Return the scripts that may show panes, by the folder of their pictures."""
    return {
        PurePosixPath(path.relative_to(root).with_suffix("").as_posix()): path
        for path in script_paths(root / "gallery")
        if "import visdom" in path.read_text(encoding="utf-8")
    }


def panes_of_scripts(root: Path, scripts: Iterable[Path]) -> dict[PurePosixPath, dict[str, Any]]:
    """Run scripts in a new process; return their panes by place; raises ScriptsError."""
    # Threads of torch cost more than they save in such small scripts.
    env = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    paths = [str(path) for path in (root / "docs", *scripts)]
    command = [sys.executable, "-m", "torchproof.hosts.gallery_hooks", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        last = "\n    ".join(done.stderr.strip().splitlines()[-8:])
        raise ScriptsError(
            f"a script does not run to its end; tox -e doctest says more\n    {last}"
        )
    panes = json.loads(done.stdout.splitlines()[-1])
    return {PurePosixPath(place): pane for place, pane in panes.items()}


def unused(root: Path, *, of_scripts: Iterable[PurePosixPath] | None = None) -> list[PurePosixPath]:
    """Return the places of pictures that nothing shows.

    `of_scripts` are the places that scripts show. Without them, all pictures in the folder of a
    script count as shown.
    """
    pictures = PanePictures(root / "docs" / "panes")
    pages, folders = shown_on_pages(root), scripts_with_panes(root)
    unshown = pictures.places() - pages - set(of_scripts or ())
    if of_scripts is None:
        unshown = {place for place in unshown if place.parent not in folders}
    return sorted(unshown)


def remove(pictures: PanePictures, places: Iterable[PurePosixPath]) -> None:
    """Remove pictures with their data, and folders that become empty."""
    for place in places:
        for path in (pictures.data(place), pictures.png(place)):
            path.unlink(missing_ok=True)
        folder = pictures.png(place).parent
        while folder != pictures.folder and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def main(argv: Sequence[str]) -> int:
    """List or remove the unused pictures; return the exit status."""
    parser = argparse.ArgumentParser(prog="tox -e panes --", description=__doc__)
    parser.add_argument("--prune", action="store_true", help="remove what is named")
    parser.add_argument("--root", type=Path, default=Path(), help="folder of docs and gallery")
    chosen = parser.parse_args(argv)
    root = chosen.root.resolve()
    try:
        shown = panes_of_scripts(root, scripts_with_panes(root).values())
    except ScriptsError as error:
        print(error, file=sys.stderr)
        return 2
    found = unused(root, of_scripts=shown)
    for place in found:
        print(f"docs/panes/{place}.png: {'removed' if chosen.prune else 'unused'}")
    if chosen.prune:
        remove(PanePictures(root / "docs" / "panes"), found)
    elif found:
        print(f"remove them with: {REMOVE}")
    return 1 if found and not chosen.prune else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
