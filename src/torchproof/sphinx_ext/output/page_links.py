"""The line of small links below a page: as Markdown, in Colab; and what a search engine needs."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LINKS = "torchproof_page_links"
LAST = 900
"""Priority of what gathers; the parts that give something come before."""


@dataclass(frozen=True)
class PageLink:
    """A link to another form of a page."""

    text: str
    url: str
    attributes: str = ""


def add_page_link(context: dict[str, Any], link: PageLink) -> None:
    """Put a link into the line below the page that is being written."""
    context.setdefault(_LINKS, []).append(link)


def add_head(context: dict[str, Any], tag: str) -> None:
    """Put a tag into the head of the page that is being written."""
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
    """Gather the links when a page is written."""
    app.connect("html-page-context", _gather, priority=LAST)
