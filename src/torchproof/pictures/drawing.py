"""Turn a recorded graph, tree or trace into a drawing or Markdown."""

from __future__ import annotations

from torchproof.language import Translate, untranslated
from torchproof.pictures.graph_words import graph_in_words
from torchproof.pictures.kinds import Drawable, Graph, Tree
from torchproof.pictures.lists import trace_html, trace_markdown, tree_html, tree_markdown
from torchproof.pictures.svg import graph_svg


def draw(
    shown: Drawable, *, anchor: str, translate: Translate = untranslated, parts: bool = False
) -> str:
    """Return the SVG of a graph or the HTML of a list; `anchor` must be unique in its page.

    With `parts` a script can address the parts of a graph, as for a replay.
    """
    if isinstance(shown, Graph):
        return graph_svg(shown, anchor=anchor, translate=translate, parts=parts)
    if isinstance(shown, Tree):
        return tree_html(shown, translate=translate)
    return trace_html(shown, translate=translate)


def in_words(shown: Drawable, *, translate: Translate = untranslated) -> str:
    """Return Markdown that describes the drawing."""
    if isinstance(shown, Graph):
        words = translate("Figure: %s", graph_in_words(shown, translate=translate))
        return f"*{words}*"
    if isinstance(shown, Tree):
        return tree_markdown(shown, translate=translate)
    return trace_markdown(shown, translate=translate)
