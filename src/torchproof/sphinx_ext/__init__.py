"""The Sphinx extension of Torchproof; each part has a `setup` of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof import __version__
from torchproof.sphinx_ext import (
    dependencies,
    domain,
    drawings,
    folds,
    page_examples,
    pane_pictures,
    placeholders,
    proving,
    removed_scripts,
    replays,
    script_outputs,
    translation,
)
from torchproof.sphinx_ext.directives import (
    code_links,
    compatibility,
    edge_cases,
    entry,
    example,
    fact_anchors,
    message_index,
    name_index,
    note_2019,
    parameters,
    planted_faults,
    reading_order,
    release_changes,
    sections,
    silent_faults,
    statements,
    then_and_now,
    totals,
    visdom_options,
)
from torchproof.sphinx_ext.output import (
    downloads,
    examples_json,
    gallery_styles,
    gate,
    markdown_pages,
    moved,
    not_found,
    page_links,
    picture_sizes,
    repository,
    script_navigation,
    site_lists,
    stock_doctest,
    summaries,
    theme_fixes,
)
from torchproof.sphinx_ext.search import index

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

# In build order; for one event, handlers run in the order of this list.
BEFORE_READING = (
    translation,  # config-inited
    not_found,  # config-inited
    proving,  # builder-inited: runs the subjects without an outcome
    replays,  # builder-inited, after proving: records how graphs come to be
    pane_pictures,  # builder-inited, after proving: draws the outdated panes
    removed_scripts,  # builder-inited
    downloads,  # builder-inited, after sphinx-gallery and removed_scripts
    dependencies,  # env-get-outdated: the pages to read again
)
READING = (
    script_outputs,  # source-read
    domain,
    entry,
    drawings,  # also while writing
    folds,
    example,
    sections,  # a transform: joins subjects with sections
    page_examples,  # doctree-read: warns of examples that are checked but not shown
    placeholders,  # doctree-read, env-updated; a post-transform; build-finished
    code_links,  # also doctree-resolved
    fact_anchors,
    note_2019,
    parameters,  # also build-finished
    edge_cases,  # a post-transform, after the placeholders
    silent_faults,  # also doctree-read, env-check-consistency
    message_index,  # also doctree-read
    statements,  # doctree-read: warns of statements without proof
    visdom_options,
    totals,
    reading_order,
    script_navigation,  # also html-page-context
    name_index,
    compatibility,
    release_changes,
    then_and_now,
    planted_faults,
)
WRITING = (
    moved,  # env-check-consistency, html-page-context, html-collect-pages
    page_links,  # html-page-context, like all up to picture_sizes
    repository,
    markdown_pages,
    summaries,
    gallery_styles,
    theme_fixes,
    picture_sizes,
    index,  # html-collect-pages, build-finished
    stock_doctest,  # for the builder doctest only
)
AT_THE_END = (
    gate,  # build-finished
    site_lists,
    examples_json,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register every part."""
    for part in (*BEFORE_READING, *READING, *WRITING, *AT_THE_END):
        part.setup(app)
    return {
        "version": __version__,
        "env_version": 12,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
