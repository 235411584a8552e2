"""Pictures of the panes on the pages: the committed ones, drawn anew where they are out of date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from torchproof.outcome import Drawing
from torchproof.pane_pictures import PanePictures
from torchproof.pane_place import page_places
from torchproof.sphinx_ext.problems import Kind, logger, warn
from torchproof.sphinx_ext.proving import proof_of, root_of
from torchproof.subjects import Picture, Subject
from torchproof.visdom_browser import BrowserMissingError, PaneError, missing_browser
from torchproof.visdom_server import ServerError
from torchproof.visdom_static import AssetsError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

UNDRAWN = (AssetsError, BrowserMissingError, ServerError, OSError)
"""What keeps all pictures from being drawn here; each says what to do."""


@dataclass(frozen=True)
class ShownPane:
    """A pane that a page or script shows: its place, its name, and the file and line of that."""

    place: PurePosixPath
    pane: Mapping[str, Any]
    name: str
    location: str


def pane_pictures(docs: str | Path) -> PanePictures:
    """Return the committed pictures of a site."""
    return PanePictures(Path(docs, "panes"))


def pane_path(app: Sphinx, subject: Subject, number: int, picture: Picture) -> Path:
    """Return the file of a picture that a block of a section asks for, drawn or not."""
    return pane_pictures(app.srcdir).png(page_places(subject)[number, picture])


def bring_up_to_date(pictures: PanePictures, panes: Sequence[ShownPane]) -> None:
    """Draw what is out of date; where that cannot be, say so of each pane.

    The committed picture then stands in, and the log says why. Having none is a warning, and so is
    a pane that no browser can draw, as long as there is one to tell.
    """
    reasons = {p.place: pictures.out_of_date(p.place, p.pane) for p in panes}
    due = [pane for pane in panes if reasons[pane.place]]
    if not due:
        return
    failed: Mapping[PurePosixPath, Exception]
    logger.info("torchproof: %d pictures of panes are out of date", len(due))
    try:
        failed = pictures.draw({pane.place: pane.pane for pane in due})
    except UNDRAWN as error:
        failed = dict.fromkeys(reasons, error)
    for pane in due:
        if pane.place not in failed:
            continue
        why = failed[pane.place]
        fault = isinstance(why, PaneError) and why.lasting and not missing_browser()
        if pictures.png(pane.place).is_file() and not fault:
            logger.info(
                "%s: shows the committed picture of pane `%s`: %s; a new one cannot be drawn: %s",
                pane.location,
                pane.name,
                reasons[pane.place],
                why,
            )
        else:
            path = f"{pictures.folder.parent.name}/{pictures.folder.name}/{pane.place}.png"
            message = f"no picture of pane `{pane.name}`: {why}; it would be {path}"
            warn(Kind.PICTURE, message, location=pane.location)


def _draw(app: Sphinx) -> None:
    panes = []
    for subject in proof_of(app).found.subjects:
        drawings = proof_of(app).drawings.get(subject.id, ())
        for (number, picture), place in page_places(subject).items():
            if drawing := _drawing_of(subject, number, picture, drawings):
                panes.append(
                    ShownPane(
                        place,
                        json.loads(drawing.content),
                        picture.name,
                        f"{root_of(app) / subject.file}:{subject.examples[number].line}",
                    )
                )
    bring_up_to_date(pane_pictures(app.srcdir), panes)


def _drawing_of(
    subject: Subject, number: int, picture: Picture, drawings: Sequence[Drawing]
) -> Drawing | None:
    """Return what was recorded for a picture of a block; the drawings have the pictures' order."""
    own = [drawing for drawing in drawings if drawing.example == number]
    pairs = zip(subject.examples[number].pictures, own, strict=False)
    return next((drawing for asked, drawing in pairs if asked == picture), None)


def setup(app: Sphinx) -> None:
    """Draw what is out of date once the outcomes are there."""
    app.connect("builder-inited", _draw, priority=6)
