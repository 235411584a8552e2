"""Prepare the downloads: notebooks that run unchanged, and reproducible zips."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.files import write_atomically
from torchproof.sphinx_ext.output.notebooks import prepared

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GALLERY_ZIP = "gallery/torchproof-gallery.zip"
"""Path in the source folder of the zip of all scripts and notebooks, for the download role."""


def _prepare(app: Sphinx) -> None:
    gallery = Path(app.srcdir, "gallery")
    whole = Path(app.srcdir, GALLERY_ZIP)
    for path in sorted(gallery.rglob("*.ipynb")):
        write_atomically(path, prepared(path.read_text(encoding="utf-8")))
    for path in sorted(gallery.rglob("*.zip")):
        if path != whole:
            with zipfile.ZipFile(path) as archive:
                members = {name: path.parent / name for name in archive.namelist()}
            write_atomically(path, _zip(members))
    notebooks = sorted(gallery.rglob("*.ipynb"))
    scripts = [path.with_suffix(".py") for path in notebooks]
    if notebooks:
        members = {path.relative_to(gallery).as_posix(): path for path in [*notebooks, *scripts]}
        write_atomically(whole, _zip({f"torchproof-gallery/{k}": v for k, v in members.items()}))


def _zip(members: Mapping[str, Path]) -> bytes:
    """Return a zip of files, sorted by name and without modification times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in sorted(members.items()):
            info = zipfile.ZipInfo(name)
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def setup(app: Sphinx) -> None:
    """Prepare the downloads once sphinx-gallery has written them."""
    app.connect("builder-inited", _prepare, priority=900)
