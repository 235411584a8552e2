"""Set size and lazy loading on every picture of a page, to prevent layout shifts.

The template docs/_templates/page.html passes the body of each page: `{{ sized(super()) }}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import imagesize

from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PICTURE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r'\bsrc="([^"]*)"')
_WIDTH = re.compile(r' ?style="width: (\d+)px;"')
# Load when the picture nears the viewport, and decode without blocking the text.
_LAZY = 'loading="lazy" decoding="async"'


def sized(html: str, size_of: Callable[[str], tuple[int, int] | None]) -> str:
    """Set width, height and lazy loading on each picture.

    `size_of` returns the pixel size of a `src`; a width in the picture's style scales it.
    """

    def complete(found: re.Match[str]) -> str:
        tag = found[0]
        source = _SOURCE.search(tag)
        if source is None or "loading=" in tag or " height=" in tag:
            return tag
        size = size_of(source[1])
        if size is None:
            return tag
        width, height = size
        if stated := _WIDTH.search(tag):
            tag = _WIDTH.sub("", tag)
            width, height = int(stated[1]), round(height * int(stated[1]) / width)
        return tag.replace("<img", f'<img width="{width}" height="{height}" {_LAZY}', 1)

    return _PICTURE.sub(complete, html)


def _size(app: Sphinx, page: str, source: str) -> tuple[int, int] | None:
    if ":" in source:
        return None
    path = _file(app, Path(unquote(source)))
    if path is None:
        warn(Kind.PICTURE, f"the size of {source} is unknown: no such file", location=page)
        return None
    width, height = imagesize.get(path)
    return (int(width), int(height)) if width > 0 else None


def _file(app: Sphinx, source: Path) -> Path | None:
    """Return the source file that Sphinx copies to the target of a page's link."""
    srcdir = Path(app.srcdir)
    if source.parent.name != "_images":
        return next((p for p in srcdir.glob(f"_static/**/{source.name}")), None)
    copied: dict[str, str] = app.builder.images
    found = next((srcdir / path for path, name in copied.items() if name == source.name), None)
    # sphinx-gallery copies pictures of several densities itself, without the builder.
    return found or next(srcdir.glob(f"gallery/**/images/**/{source.name}"), None)


def _offer(app: Sphinx, page: str, _template: str, context: dict[str, Any], _: object) -> None:
    context["sized"] = partial(sized, size_of=partial(_size, app, page))


def setup(app: Sphinx) -> None:
    """Offer `sized` to the templates."""
    app.connect("html-page-context", _offer)
