"""Small faults in what the theme and sphinx-gallery write, mended as a page is drawn.

A template hands over the body of each page: `{{ mended(super()) }}` in docs/_templates/page.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


@dataclass(frozen=True)
class Mend:
    """A fault that the Nu checker or axe reports, and what takes its place."""

    fault: re.Pattern[str]
    replacement: str
    reason: str


MENDS = (
    Mend(
        re.compile(r'<p class="caption" role="heading">'),
        '<p class="caption">',
        "Sphinx makes headings of the captions of a toctree, without the level that they need",
    ),
    Mend(
        re.compile(r'<aside class="sidebar-drawer">'),
        '<aside class="sidebar-drawer" aria-label="Site">',
        "Furo's two asides are landmarks, and nothing tells them apart",
    ),
    Mend(
        re.compile(r'<aside class="(toc-drawer[^"]*)">'),
        r'<aside class="\1" aria-label="Page">',
        "Furo's two asides are landmarks, and nothing tells them apart",
    ),
    Mend(
        re.compile(r'(<div class="sphx-glr-thumbcontainer") tooltip='),
        r"\1 title=",
        "sphinx-gallery invents an attribute; this one says the same",
    ),
    Mend(
        re.compile(r'<th class="(head[^"]*)">(?:<p></p>)?</th>'),
        r'<td class="\1"></td>',
        "docutils makes a header of an empty cell, which heads nothing",
    ),
)


def mended(html: str) -> str:
    """Return the HTML of a page without the faults."""
    for mend in MENDS:
        html = mend.fault.sub(mend.replacement, html)
    return html


def _offer(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: object) -> None:
    context["mended"] = mended


def setup(app: Sphinx) -> None:
    """Offer `mended` to the templates."""
    app.connect("html-page-context", _offer)
