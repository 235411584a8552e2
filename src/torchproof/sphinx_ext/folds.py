"""The node of what is folded in HTML, and its title."""

from __future__ import annotations

from docutils import nodes

from torchproof.sphinx_ext.translation import counted, say


class edge_cases(nodes.container):  # noqa: N801 - docutils names its nodes like this
    """What is folded."""


def title_of(fold: edge_cases) -> tuple[str, str]:
    """Return the title of a fold, and how many examples are in it."""
    blocks = [b for b in fold.findall(nodes.literal_block) if b.get("testnodetype") == "doctest"]
    return say("Edge cases, checked"), counted("%d example", "%d examples", len(blocks))
