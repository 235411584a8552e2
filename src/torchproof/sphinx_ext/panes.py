"""Pictures of the panes on the pages: from the committed cache, or drawn before reading."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.outcome import Drawing
from torchproof.sphinx_ext.problems import Kind, logger, warn
from torchproof.sphinx_ext.proving import proof_of, root_of
from torchproof.visdom_browser import BrowserMissingError, PaneError
from torchproof.visdom_panes import PaneCache
from torchproof.visdom_static import AssetsError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

UNDRAWN = (AssetsError, BrowserMissingError, PaneError)
"""What keeps a picture from being drawn; each says what to do."""


def pane_cache(env: BuildEnvironment) -> PaneCache:
    """Return the committed pictures, one file for each digest of a pane."""
    return PaneCache(Path(env.srcdir, "panes"))


def pane_path(env: BuildEnvironment, drawing: Drawing) -> Path | None:
    """Return the picture of a pane, if there is one."""
    path = pane_cache(env).path(json.loads(drawing.content))
    return path if path.is_file() else None


def png_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in its own pixels."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


def _draw(app: Sphinx) -> None:
    cache = pane_cache(app.env)
    missing = [
        (subject, drawing)
        for subject in proof_of(app.env).found.subjects
        for drawing in proof_of(app.env).drawings.get(subject.id, ())
        if drawing.kind == "pane" and pane_path(app.env, drawing) is None
    ]
    if not missing:
        return
    logger.info("torchproof: drawing %d panes", len(missing))
    try:
        cache.draw_missing([json.loads(drawing.content) for _, drawing in missing])
    except UNDRAWN as error:
        for subject, drawing in missing:
            path = cache.path(json.loads(drawing.content)).relative_to(root_of(app.env))
            line = subject.examples[drawing.example].line
            warn(
                Kind.PICTURE,
                f"no picture of pane `{drawing.name}`: {error}; it would be {path}",
                location=f"{root_of(app.env) / subject.file}:{line}",
            )


def setup(app: Sphinx) -> None:
    """Draw what is missing once the outcomes are there."""
    app.connect("builder-inited", _draw, priority=6)
