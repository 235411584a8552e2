"""Committed pictures of Visdom's whole page, redrawn when out of date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.panes.page_pictures import PLACE, PagePictures
from torchproof.panes.redraw import Redrawn, redraw_apart
from torchproof.sphinx_ext.warning_types import Kind, logger, warn
from torchproof.visdom.browser import missing_browser

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REDRAW = "tox -e pages, where Chromium and npm are installed"


def page_pictures(docs: str | Path) -> PagePictures:
    """Return the committed pictures of a site."""
    return PagePictures(Path(docs, PLACE))


def _bring_up_to_date(app: Sphinx) -> None:
    """Redraw the outdated pictures; say which cannot be drawn here, warn of bad scenarios."""
    pictures = page_pictures(app.srcdir)
    due = pictures.due()
    if not due:
        return
    logger.info("torchproof: %d pictures of pages are out of date", len(due))
    # A process takes a second to find out.
    if missing := missing_browser():
        told = [Redrawn(name, missing, here=True) for name in due]
    else:
        told = redraw_apart(pictures, list(due))
    for one in told:
        if one.error and not one.here:
            warn(Kind.PICTURE, f"the page `{one.name}` is not drawn: {one.error}")
        elif one.error and pictures.png(one.name).is_file():
            reason = one.error.splitlines()[0]
            said = (pictures.scenario(one.name), one.name, due[one.name], reason)
            logger.info("%s: page `%s` is shown as committed, though %s: %s", *said)


def setup(app: Sphinx) -> None:
    """Redraw outdated pictures before pages are read."""
    app.connect("builder-inited", _bring_up_to_date, priority=6)
