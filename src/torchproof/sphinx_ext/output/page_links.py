"""Add a line of links below a page (Markdown, Colab), and tags to its head."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LINKS = "torchproof_page_links"
LAST = 900
"""Priority of the handler that writes the line, after all parts that add links."""


@dataclass(frozen=True)
class PageLink:
    """A link to another form of a page."""

    text: str
    url: str
    attributes: str = ""


def add_page_link(context: dict[str, Any], link: PageLink) -> None:
    """Add a link to the line below the current page."""
    context.setdefault(_LINKS, []).append(link)


def add_head(context: dict[str, Any], tag: str) -> None:
    """Add a tag to the head of the current page."""
    context["metatags"] = f"{context.get('metatags', '')}\n{tag}"


def _gather(_: Sphinx, __: str, ___: str, context: dict[str, Any], ____: object) -> None:
    links: list[PageLink] = context.get(_LINKS, [])
    if not links or "body" not in context:
        return
    items = " · ".join(
        f'<a href="{escape(link.url)}"{link.attributes}>{escape(link.text)}</a>' for link in links
    )
    context["body"] += f'\n<p class="page-links">{items}</p>\n'


def setup(app: Sphinx) -> None:
    """Write the line of links when a page is written."""
    app.connect("html-page-context", _gather, priority=LAST)
