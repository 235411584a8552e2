"""Load the styles and scripts of sphinx-gallery on the gallery's pages only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_OF_THE_GALLERY = ("/sg_gallery", "/sg-tags")


def _drop(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _: object) -> None:
    if page.startswith("gallery/"):
        return
    # sphinx-gallery adds them to every page, where they block rendering.
    for files in ("css_files", "script_files"):
        context[files] = [file for file in context[files] if not _is_of_the_gallery(file)]


def _is_of_the_gallery(file: object) -> bool:
    name = str(getattr(file, "filename", file))
    return any(start in f"/{name}" for start in _OF_THE_GALLERY)


def setup(app: Sphinx) -> None:
    """Remove the unused files from all other pages."""
    app.connect("html-page-context", _drop, priority=900)
