"""Fix small faults in the HTML of the theme, Sphinx and sphinx-gallery as a page is written.

The template docs/_templates/page.html passes the body of each page:
`{{ without_faults(super()) }}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


@dataclass(frozen=True)
class Fix:
    """A fault that the Nu checker or axe reports, and its replacement."""

    fault: re.Pattern[str]
    replacement: str
    reason: str


FIXES = (
    Fix(
        re.compile(r'<p class="caption" role="heading">'),
        '<p class="caption">',
        "Sphinx makes headings of the captions of a toctree, without the level that they need",
    ),
    Fix(
        re.compile(r'<aside class="sidebar-drawer">'),
        '<aside class="sidebar-drawer" aria-label="Site">',
        "Furo's two asides are landmarks, and nothing tells them apart",
    ),
    Fix(
        re.compile(r'<aside class="(toc-drawer[^"]*)">'),
        r'<aside class="\1" aria-label="Page">',
        "Furo's two asides are landmarks, and nothing tells them apart",
    ),
    Fix(
        re.compile(r'(<div class="sphx-glr-thumbcontainer") tooltip='),
        r"\1 title=",
        "sphinx-gallery invents an attribute; this one says the same",
    ),
    Fix(
        re.compile(r'<th class="(head[^"]*)">(?:<p></p>)?</th>'),
        r'<td class="\1"></td>',
        "docutils makes a header of an empty cell, which heads nothing",
    ),
)


def without_faults(html: str) -> str:
    """Return the HTML of a page with the faults fixed."""
    for fix in FIXES:
        html = fix.fault.sub(fix.replacement, html)
    return html


def _offer(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: object) -> None:
    context["without_faults"] = without_faults


def setup(app: Sphinx) -> None:
    """Offer `without_faults` to the templates."""
    app.connect("html-page-context", _offer)
