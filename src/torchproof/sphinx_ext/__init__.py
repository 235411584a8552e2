"""The Sphinx side of Torchproof; each part registers what it defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof import __version__
from torchproof.sphinx_ext import (
    changes,
    code_links,
    counts,
    domain,
    downloads,
    entry,
    example,
    examples_json,
    facts,
    freshness,
    gallery_styles,
    gate,
    learn,
    markdown_pages,
    matrix,
    mending,
    names,
    neighbours,
    not_found,
    note,
    options,
    page_links,
    panes,
    picture_sizes,
    proving,
    repository,
    search_index,
    site_lists,
    stock_doctest,
    summaries,
    then_and_now,
    wording,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register every part."""
    parts = (
        wording,
        proving,
        freshness,
        panes,
        domain,
        entry,
        example,
        code_links,
        facts,
        note,
        options,
        counts,
        learn,
        neighbours,
        names,
        gate,
        downloads,
        page_links,
        repository,
        markdown_pages,
        summaries,
        site_lists,
        not_found,
        examples_json,
        gallery_styles,
        mending,
        picture_sizes,
        search_index,
        stock_doctest,
        matrix,
        changes,
        then_and_now,
    )
    for part in parts:
        part.setup(app)
    return {
        "version": __version__,
        "env_version": 7,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
