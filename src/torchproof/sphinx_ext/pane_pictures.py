"""Committed pictures of the panes on the pages, redrawn when out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import imagesize

from torchproof.finding.subjects import Picture, Subject
from torchproof.panes.pictures import PanePictures
from torchproof.panes.place import page_places, recorded_panes
from torchproof.sphinx_ext.proving import proof_of, root_of
from torchproof.sphinx_ext.warning_types import Kind, logger, warn
from torchproof.visdom.browser import PIXELS, PaneError, missing_browser
from torchproof.visdom.chromium import BrowserMissingError
from torchproof.visdom.front_end import AssetsError
from torchproof.visdom.server import ServerError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

UNDRAWN = (AssetsError, BrowserMissingError, ServerError, OSError)
"""Errors that prevent all drawing on this machine; each message gives the next step."""


@dataclass(frozen=True)
class ShownPane:
    """A pane that a page or script shows, with its place, JSON, name, and source file and line."""

    place: PurePosixPath
    pane: Mapping[str, Any]
    name: str
    location: str


def pane_pictures(docs: str | Path) -> PanePictures:
    """Return the committed pictures of a site."""
    return PanePictures(Path(docs, "panes"))


def pane_path(env: BuildEnvironment, subject: Subject, number: int, picture: Picture) -> Path:
    """Return the path of the picture that a block of a section requests; it may not exist."""
    return pane_pictures(env.srcdir).png(page_places(subject)[number, picture])


def shown_width(picture: Path) -> int:
    """Return the width of a pane's picture on a page, in CSS pixels."""
    width, _ = imagesize.get(picture)
    return int(width) // PIXELS


def bring_up_to_date(pictures: PanePictures, panes: Sequence[ShownPane]) -> None:
    """Redraw the outdated pictures; report each one that cannot be drawn.

    The page then shows the committed picture, and the log gives the reason. A missing picture is a
    warning. So is a pane that no browser can draw, if a browser is available.
    """
    reasons = {p.place: pictures.out_of_date(p.place, p.pane) for p in panes}
    due = [pane for pane in panes if reasons[pane.place]]
    if not due:
        return
    logger.info("torchproof: %d pictures of panes are out of date", len(due))
    failed: dict[PurePosixPath, Exception] = {}
    try:
        failed |= pictures.draw({pane.place: pane.pane for pane in due})
    except UNDRAWN as error:
        left = (pane for pane in due if pictures.out_of_date(pane.place, pane.pane))
        failed |= {pane.place: error for pane in left}
    for pane in due:
        if pane.place in failed:
            _tell(pictures, pane, reasons[pane.place], failed[pane.place])


def _tell(pictures: PanePictures, pane: ShownPane, reason: str, error: Exception) -> None:
    path = f"{pictures.folder.parent.name}/{pictures.folder.name}/{pane.place}.png"
    if not pictures.png(pane.place).is_file():
        message = f"no picture of pane `{pane.name}`: {error}; it would be {path}"
        warn(Kind.PICTURE, message, location=pane.location)
    elif isinstance(error, PaneError) and error.lasting and not missing_browser():
        message = f"{path} does not show pane `{pane.name}`, since {reason}: {error}"
        warn(Kind.PICTURE, message, location=pane.location)
    else:
        said = (pane.location, pane.name, path, reason, str(error).splitlines()[0])
        logger.info("%s: pane `%s` is shown by %s, though %s: %s", *said)


def _draw(app: Sphinx) -> None:
    proof, root = proof_of(app.env), root_of(app.env)
    panes = [
        ShownPane(place, pane, picture.name, f"{root / subject.file}:{line}")
        for subject in proof.found.subjects
        for line, picture, place, pane in recorded_panes(
            subject, proof.drawings.get(subject.id, ())
        )
    ]
    bring_up_to_date(pane_pictures(app.srcdir), panes)


def _run_scripts_again(app: Sphinx) -> None:
    """Rerun scripts whose pictures other versions have drawn, since only a rerun redraws them.

    sphinx-gallery reruns a script whose stored digest is missing.
    """
    pictures = pane_pictures(app.srcdir)
    places = sorted(place for place in pictures.places() if place.parts[0] == "gallery")
    unsound = {place.parent: reason for place in places if (reason := pictures.unsound(place))}
    # Without a browser a rerun would not redraw anything.
    if unsound and not missing_browser():
        for script, reason in unsound.items():
            kept = Path(app.srcdir, f"{script}.py.md5")
            if kept.exists():
                logger.info("torchproof: %s.py runs again for its pictures: %s", script, reason)
                kept.unlink()


def setup(app: Sphinx) -> None:
    """Redraw outdated pictures after proving and before sphinx-gallery runs the scripts."""
    app.connect("builder-inited", _run_scripts_again, priority=6)
    app.connect("builder-inited", _draw, priority=6)
