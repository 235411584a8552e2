"""Write a Markdown version of each page, linked from the page's head and below its text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder

from torchproof.files import write_atomically
from torchproof.sphinx_ext.output.markdown_text import MarkdownText
from torchproof.sphinx_ext.output.page_links import PageLink, add_head, add_page_link
from torchproof.sphinx_ext.output.site_lists import NO_CONTENT
from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_TYPE = ' rel="alternate" type="text/markdown"'


def _write(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None or pagename in NO_CONTENT or type(app.builder) is not StandaloneHTMLBuilder:
        return
    text = MarkdownText(root="../" * pagename.count("/")).of(doctree)
    write_atomically(Path(app.outdir, f"{pagename}.md"), text)
    name = f"{pagename.rpartition('/')[2]}.md"
    add_head(context, f'<link{_TYPE} href="{name}" />')
    add_page_link(context, PageLink(say("This page as Markdown"), name, _TYPE))


def setup(app: Sphinx) -> None:
    """Write the Markdown file when the page is written."""
    app.connect("html-page-context", _write)
