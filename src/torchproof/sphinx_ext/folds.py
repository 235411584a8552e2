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


EDGE_CASES = "edge-cases"
HELD = "held"


class fold(nodes.container):  # noqa: N801 - docutils names its nodes like this
    """What is folded; its `kind` is `EDGE_CASES` or `HELD`."""


def title_of(folded: fold) -> tuple[str, str]:
    """Return the title of a fold, and how many examples are in it."""
    titles = {EDGE_CASES: say("Edge cases, checked"), HELD: say("What the server holds, checked")}
    blocks = [b for b in folded.findall(nodes.literal_block) if b.get("testnodetype") == "doctest"]
    return titles[folded["kind"]], counted("%d example", "%d examples", len(blocks))


def _visit(self: HTML5Translator, node: fold) -> None:
    title, number = title_of(node)
    self.body.append(
        f'<details class="fold {node["kind"]}"><summary>{escape(title)} '
        f'<span class="fold-number">{escape(number)}</span></summary>\n'
    )


def _depart(self: HTML5Translator, _: fold) -> None:
    self.body.append("</details>\n")


def _pass(_: SphinxTranslator, __: nodes.Element) -> None:
    """Write what is folded without the fold."""


def setup(app: Sphinx) -> None:
    """Register the node; HTML alone can fold."""
    plain = (_pass, _pass)
    app.add_node(fold, html=(_visit, _depart), latex=plain, text=plain, man=plain, texinfo=plain)
