"""Draw recorded graphs, trees and traces when their page is written.

The doctree holds the recorded data. So the drawing is in the language of the site, has ids unique
to its page, and changes with the drawing code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.code_digest import digest_of
from torchproof.pictures.drawing import draw, in_words
from torchproof.pictures.kinds import Drawable, Graph
from torchproof.sphinx_ext.replays import replay_of, steps_html
from torchproof.sphinx_ext.translation import translate
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import OptionSpec

DIRECTIVE = "recorded-drawing"


class drawing(nodes.General, nodes.Element):  # noqa: N801 (as docutils names its nodes)
    """A recorded graph, tree or trace, in the attribute `shown`, and its `replay` or None."""


def drawing_node(
    shown: Drawable, env: BuildEnvironment, *, subject: str = "", example: int | None = None
) -> nodes.container:
    """Return the node for recorded data, in a frame with the CSS class of its kind.

    `example` is the index of the example in its subject; a script's page has neither.
    """
    # A page may show one graph twice, so drawings are numbered by page.
    number = env.new_serialno("torchproof-drawing") + 1
    frame = "autograd-graph" if isinstance(shown, Graph) else "drawn-list"
    replay = replay_of(env, shown, subject=subject, example=example)
    node = drawing("", shown=shown, number=number, replay=replay)
    return nodes.container("", node, classes=[frame])


def drawing_markdown(node: drawing) -> str:
    """Return the content of a drawing as Markdown."""
    return in_words(node["shown"], translate=translate)


def drawing_rst(shown: Drawable) -> str:
    """Return reST for the page of a script, which sphinx-gallery writes before Sphinx reads it."""
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
    # No heading has an id with an underscore, and the styles of a drawing are told by its id.
    anchor = f"drawing_{node['number']}"
    replay = node["replay"]
    parts = replay is not None
    translator.body.append(draw(node["shown"], anchor=anchor, translate=translate, parts=parts))
    if parts:
        translator.body.append(steps_html(replay))
    raise nodes.SkipNode


def _visit_text(translator: Any, node: drawing) -> None:
    translator.add_text(drawing_markdown(node))
    raise nodes.SkipNode


def _skip(_: Any, __: drawing) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the node, the directive for scripts' pages, and a digest that rewrites all pages."""
    app.add_node(
        drawing,
        html=(_visit_html, None),
        text=(_visit_text, None),
        latex=(_skip, None),
        man=(_skip, None),
        texinfo=(_skip, None),
    )
    app.add_directive(DIRECTIVE, _Drawing)
    # Sphinx rewrites all pages when a setting of the "html" rebuild type changes.
    drawn = digest_of(("pictures.drawing", "replays.words"))
    app.add_config_value("torchproof_drawing", drawn, "html", types=frozenset({str}))
