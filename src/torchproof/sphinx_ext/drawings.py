"""Recorded graphs, trees and traces in a document, drawn when its page is written.

A document holds what was recorded. The drawing is made in the language of the site, with ids of its
page, and changes with the code that draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.code_digest import digest_of
from torchproof.pictures.drawing import draw, in_words
from torchproof.pictures.kinds import Drawable, Graph
from torchproof.sphinx_ext.translation import translate
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import OptionSpec

DIRECTIVE = "recorded-drawing"


class drawing(nodes.General, nodes.Element):  # noqa: N801 (as docutils names its nodes)
    """A recorded graph, tree or trace, in the attribute `shown`."""


def drawing_node(shown: Drawable, env: BuildEnvironment) -> nodes.container:
    """Return the node for what was recorded, in the frame that the styles know."""
    # A page may show one graph twice, so its number on the page tells a drawing from the others.
    number = env.new_serialno("torchproof-drawing") + 1
    frame = "autograd-graph" if isinstance(shown, Graph) else "drawn-list"
    return nodes.container("", drawing("", shown=shown, number=number), classes=[frame])


def drawing_markdown(node: drawing) -> str:
    """Return what a drawing shows, in Markdown."""
    return in_words(node["shown"], translate=translate)


def drawing_rst(shown: Drawable) -> str:
    """Return reST for the page of a script, which is written before Sphinx reads it."""
    return f".. {DIRECTIVE}::\n\n    {msgspec.json.encode(shown).decode()}\n"


class _Drawing(SphinxDirective):
    has_content = True
    option_spec: ClassVar[OptionSpec] = {}

    def run(self) -> list[nodes.Node]:
        try:
            shown: Drawable = msgspec.json.decode("\n".join(self.content), type=Drawable)
        except msgspec.MsgspecError as error:
            message = f"this is no recorded drawing: {error}; build the gallery anew"
            warn(Kind.PICTURE, message, location=self.get_location())
            return []
        return [drawing_node(shown, self.env)]


def _visit_html(translator: Any, node: drawing) -> None:
    anchor = f"drawing-{node['number']}"
    translator.body.append(draw(node["shown"], anchor=anchor, translate=translate))
    raise nodes.SkipNode


def _visit_text(translator: Any, node: drawing) -> None:
    translator.add_text(drawing_markdown(node))
    raise nodes.SkipNode


def _skip(_: Any, __: drawing) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the node, the directive of scripts, and what has all pages written anew."""
    app.add_node(
        drawing,
        html=(_visit_html, None),
        text=(_visit_text, None),
        latex=(_skip, None),
        man=(_skip, None),
        texinfo=(_skip, None),
    )
    app.add_directive(DIRECTIVE, _Drawing)
    # Sphinx writes all pages again where a setting of the kind "html" has another value.
    app.add_config_value(
        "torchproof_drawing", digest_of(("pictures.drawing",)), "html", types=frozenset({str})
    )
