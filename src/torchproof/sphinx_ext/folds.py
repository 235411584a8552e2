"""The node of what is folded: `<details>` in HTML, a title and the content elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

from torchproof.sphinx_ext.translation import counted, say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import SphinxTranslator


class edge_cases(nodes.container):  # noqa: N801 - docutils names its nodes like this
    """What is folded."""


def title_of(fold: edge_cases) -> tuple[str, str]:
    """Return the title of a fold, and how many examples are in it."""
    blocks = [b for b in fold.findall(nodes.literal_block) if b.get("testnodetype") == "doctest"]
    return say("Edge cases, checked"), counted("%d example", "%d examples", len(blocks))


def _visit(self: HTML5Translator, node: edge_cases) -> None:
    title, number = title_of(node)
    self.body.append(
        f'<details class="edge-cases"><summary>{escape(title)} '
        f'<span class="edge-cases-number">{escape(number)}</span></summary>\n'
    )


def _depart(self: HTML5Translator, _: edge_cases) -> None:
    self.body.append("</details>\n")


def _pass(_: SphinxTranslator, __: nodes.Element) -> None:
    """Write what is folded without the fold."""


def setup(app: Sphinx) -> None:
    """Register the node; HTML alone can fold."""
    plain = (_pass, _pass)
    app.add_node(
        edge_cases, html=(_visit, _depart), latex=plain, text=plain, man=plain, texinfo=plain
    )
