"""The Sphinx side of Torchproof; each part registers what it defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof import __version__
from torchproof.sphinx_ext import (
    code_links,
    domain,
    downloads,
    entry,
    example,
    examples_json,
    facts,
    gate,
    markdown_pages,
    not_found,
    note,
    options,
    page_links,
    panes,
    proving,
    repository,
    site_lists,
    stock_doctest,
    summaries,
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
        code_links,
        facts,
        note,
        options,
        gate,
        downloads,
        page_links,
        repository,
        markdown_pages,
        summaries,
        site_lists,
        not_found,
        examples_json,
        stock_doctest,
    )
    for part in parts:
        part.setup(app)
    return {
        "version": __version__,
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
