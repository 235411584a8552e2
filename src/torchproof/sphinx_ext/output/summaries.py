"""The first sentence of each page, for search engines, cards and llms.txt."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes

from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.output.page_links import add_head
from torchproof.sphinx_ext.placeholders import REDRAWN

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

CARD = "_static/card.png"
CARD_SIZE = (1200, 630)
_END = re.compile(r"(?<=[.?!])(?<!e\.g\.)(?<!i\.e\.)\s+|(?<=[\u3002\uff1f\uff01])")


def summaries_of(env: BuildEnvironment) -> dict[str, str]:
    """Return the first sentences by page."""
    return proof_domain(env).of_pages("summaries")


def first_sentence(text: str) -> str:
    """Return the first sentence of a paragraph, on one line."""
    line = " ".join(text.split())
    return _END.split(line, maxsplit=1)[0]


def _note_read(app: Sphinx, doctree: nodes.document) -> None:
    _note(app, app.env.docname, doctree)


def _note(app: Sphinx, docname: str, doctree: nodes.document) -> None:
    for paragraph in doctree.findall(nodes.paragraph):
        said = isinstance(paragraph.parent, nodes.section)
        if said and "verdict" not in paragraph["classes"]:
            summaries_of(app.env)[docname] = first_sentence(paragraph.astext())
            return


def _describe(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the description and the card of a page to its head."""
    summary = summaries_of(app.env).get(pagename)
    if doctree is None or summary is None:
        return
    title = app.env.titles[pagename].astext()
    tags = {"og:type": "article", "og:site_name": app.config.project, "og:title": title}
    tags["og:description"] = summary
    # Cards require absolute URLs.
    if base := app.config.html_baseurl.rstrip("/"):
        width, height = CARD_SIZE
        tags["og:url"] = f"{base}/{app.builder.get_target_uri(pagename)}"
        tags |= {"og:image": f"{base}/{CARD}", "og:image:alt": app.config.torchproof_card_alt}
        tags |= {"og:image:width": str(width), "og:image:height": str(height)}
    add_head(context, _meta("name", "description", summary))
    for name, content in tags.items():
        add_head(context, _meta("property", name, content))
    add_head(context, _meta("name", "twitter:card", "summary_large_image"))


def _meta(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(content)}" />'


def setup(app: Sphinx) -> None:
    """Store first sentences when pages are read; use them when pages are written."""
    app.add_config_value("torchproof_card_alt", "", "html", types=frozenset({str}))
    app.connect("doctree-read", _note_read)
    app.connect(REDRAWN, _note)
    app.connect("html-page-context", _describe)
