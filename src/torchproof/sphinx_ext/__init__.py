"""The Sphinx side of Torchproof; each part registers what it defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof import __version__
from torchproof.sphinx_ext import (
    domain,
    entry,
    example,
    examples_json,
    gallery_styles,
    gate,
    mending,
    note,
    options,
    panes,
    picture_sizes,
    proving,
    stock_doctest,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register every part."""
    parts = (
        proving,
        panes,
        domain,
        entry,
        example,
        note,
        options,
        gate,
        examples_json,
        gallery_styles,
        mending,
        picture_sizes,
        stock_doctest,
    )
    for part in parts:
        part.setup(app)
    return {
        "version": __version__,
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
