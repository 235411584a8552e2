"""The `{note-2019}` directive: a box on what the learner's note of 2019 says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class NoteDirective(SphinxDirective):
    """A box on the 2019 note."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return an admonition with a fixed title."""
        box = nodes.admonition(classes=["note-2019"])
        box += nodes.title("", say("The 2019 note"), translatable=False)
        box += self.parse_content_to_nodes()
        self.set_source_info(box)
        return [box]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("note-2019", NoteDirective)
