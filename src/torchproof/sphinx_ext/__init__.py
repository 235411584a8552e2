"""The Sphinx side of Torchproof; each part registers what it defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof import __version__
from torchproof.sphinx_ext import (
    changes,
    domain,
    entry,
    example,
    examples_json,
    gate,
    matrix,
    note,
    options,
    panes,
    proving,
    stock_doctest,
    then_and_now,
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
        stock_doctest,
        matrix,
        changes,
        then_and_now,
    )
    for part in parts:
        part.setup(app)
    return {
        "version": __version__,
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
