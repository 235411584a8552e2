"""Notebooks and zips of the gallery."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import nbclient
import nbformat
import pytest
import visdom
from sites import Site
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks
from trees import PATIENCE

from torchproof.cache_folder import cache_folder, make_private
from torchproof.sphinx_ext.output.notebooks import SERVER, prepared
from torchproof.visdom.front_end import ASSETS
from torchproof.visdom.server import visdom_server

GALLERY = Path(__file__).parents[1] / "gallery"
INSTALL = "%pip install torch visdom matplotlib"
LOCK = make_private(cache_folder()) / "port-8097.lock"
MATHJAX = [
    "MathJax.js",
    "config/Safe.js",
    "config/TeX-AMS-MML_HTMLorMML.js",
    "extensions/Safe.js",
    "jax/output/SVG/config.js",
    "jax/output/SVG/fonts/TeX/Size1/Regular/Main.js",
    "jax/output/SVG/fonts/TeX/fontdata.js",
    "jax/output/SVG/jax.js",
]
"""The files of MathJax that visdom loads, each by itself."""
EXECUTED = [
    "nn_module/conversion_keeps_parameters",
    "autograd/microbatches_equal_one_batch",
    "visdom/several_lines_smoothed",
]
"""One of each area; the code of all of them runs as scripts."""


def notebook(name: str) -> str:
    """Return the notebook of a script as the site offers it."""
    _, blocks = split_code_and_text_blocks(str(GALLERY / f"{name}.py"))
    conf = {**DEFAULT_GALLERY_CONF, "first_notebook_cell": INSTALL}
    work: dict[str, Any] = jupyter_notebook(blocks, conf, str(GALLERY / name))
    return prepared(json.dumps(work))


def run(text: str, folder: Path) -> None:
    """Run all cells in a kernel of their own.

    `%pip` needs a pseudo-terminal: where the machine has none, what it would find installed is
    installed already.
    """
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    if not has_terminals():
        notebook.cells = [cell for cell in notebook.cells if cell.source != INSTALL]
    nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def has_terminals() -> bool:
    """Say whether a process can open a pseudo-terminal here; a container may have no devpts."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", EXECUTED)
def test_a_notebook_runs_as_it_is(name: str, tmp_path: Path) -> None:
    text = notebook(name)
    cells = json.loads(text)["cells"]
    assert cells[0]["source"] == [INSTALL]
    assert ("".join(cells[1]["source"]) == SERVER) is name.startswith("visdom")
    if not name.startswith("visdom"):
        run(text, tmp_path)
        return
    # The port is the one that visdom uses, of which a machine has one.
    with filelock.FileLock(LOCK), visdom_server(port=8097) as server:
        run(text, tmp_path)
        assert server.port == 8097


def test_a_notebook_starts_the_server_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At its first start visdom loads the files that its front end lacks from the net. Nobody opens
    # a page here, so any file will do.
    package = shutil.copytree(Path(visdom.__file__).parent, tmp_path / "site" / "visdom")
    table = tomllib.loads((ASSETS / "table.toml").read_text(encoding="utf-8"))["files"]
    files = [Path(name) for name in table if Path(name).suffix]
    for path in (*files, *(Path("js/mathjax/2.7.5", name) for name in MATHJAX)):
        path = package / "static" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (package / "static" / "version.built").write_text(version("visdom"))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    with filelock.FileLock(LOCK):
        run(notebook("visdom/live_loss_curve"), tmp_path)
        # It ends with the notebook.
        deadline = time.monotonic() + PATIENCE
        while taken(8097):
            assert time.monotonic() < deadline


def taken(port: int) -> bool:
    """Say whether something listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_roles_are_code_in_a_notebook_and_nothing_is_done_twice() -> None:
    text = notebook("visdom/several_lines_smoothed")
    assert ":py:" not in text
    assert "`visdom.Visdom.line` makes a line" in text
    assert prepared(text) == text


def test_zips_hold_the_prepared_files_and_are_the_same_bytes(tmp_path: Path) -> None:
    site = Site(tmp_path)
    raw = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": [":py:func:`a.b`"]}]}
    names = ["one/a", "two/b"]
    for name in names:
        site.write(
            {
                f"docs/gallery/{name}.py": "a = 1\n",
                f"docs/gallery/{name}.ipynb": json.dumps(raw),
            }
        )
        folder = tmp_path / "docs/gallery" / name
        with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
            for suffix in (".py", ".ipynb"):
                archive.writestr(f"{folder.name}{suffix}", "old")
    site.write({"docs/index.md": "# Index\n\n{download}`all <gallery/torchproof-gallery.zip>`\n"})
    done = site.build()
    assert done.status == 0, done.output
    whole = next((done.html / "_downloads").rglob("torchproof-gallery.zip"))
    with zipfile.ZipFile(whole) as archive:
        assert archive.namelist() == sorted(
            f"torchproof-gallery/{name}{suffix}" for name in names for suffix in (".py", ".ipynb")
        )
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"`a.b`" in archive.read("torchproof-gallery/one/a.ipynb")
    with zipfile.ZipFile(tmp_path / "docs/gallery/one/a.zip") as archive:
        assert b"`a.b`" in archive.read("a.ipynb")
        assert archive.read("a.py") == b"a = 1\n"
    before = whole.read_bytes()
    (tmp_path / "docs/gallery/one/a.py").touch()
    assert site.build().status == 0
    assert whole.read_bytes() == before
