"""Add an anchor and a link to each fact: the paragraph before an example, or the example."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import SphinxTranslator

_WORDS = 6


class fact_link(nodes.Inline, nodes.Element):  # noqa: N801 - docutils names its nodes like this
    """The ¶ link after a fact; it has no text, so that it is neither searched nor translated."""


class AddFactAnchors(SphinxTransform):
    """Give the facts of a page ids made from their first words, so that links stay valid."""

    # Before translation, so that a fact has the same anchor in all languages.
    default_priority = 10

    def apply(self, **_: object) -> None:
        """Add an anchor for each example of a page."""
        for block in list(self.document.findall(nodes.literal_block)):
            section = _section(block)
            if block.get("testnodetype") == "doctest" and section is not None:
                self._add_anchor(block, section)

    def _add_anchor(self, block: nodes.literal_block, section: nodes.section) -> None:
        before = block.parent.index(block) - 1
        said = block.parent[before] if before >= 0 else None
        if isinstance(said, nodes.paragraph) and "verdict" not in said["classes"]:
            said["ids"].append(self._id(section, said.astext()))
            said["fact"] = said["ids"][-1]
            return
        statement = block.astext().partition("\n")[0]
        frame = nodes.container(classes=["fact"])
        frame["ids"].append(self._id(section, statement))
        block.replace_self(frame)
        frame += [block, _link(frame["ids"][-1], statement)]

    def _id(self, section: nodes.section, text: str) -> str:
        words = re.findall(r"[a-z0-9]+", text.lower())[:_WORDS]
        stem = "-".join([f"{section['ids'][0]}-", *(words or ["fact"])])
        name, number = stem, 1
        while name in self.document.ids:
            number += 1
            name = f"{stem}-{number}"
        self.document.ids[name] = section
        return name


class LinkFacts(SphinxTransform):
    """Append the links to facts after translation, which would replace them."""

    default_priority = 720

    def apply(self, **_: object) -> None:
        """Append a link to each paragraph that is a fact."""
        for said in self.document.findall(nodes.paragraph):
            if "fact" in said:
                said += _link(said.attributes.pop("fact"), said.astext())


def _link(anchor: str, text: str) -> fact_link:
    return fact_link(anchor=anchor, label=" ".join(text.split()[:_WORDS]))


def _section(node: nodes.Node) -> nodes.section | None:
    """Return the innermost section around a node; None if that is the page's own."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    inside = node is not None and isinstance(node.parent, nodes.section)
    return node if inside else None


def _visit(self: HTML5Translator, node: fact_link) -> None:
    title = escape(say("Link to this fact"))
    label = f"{title}: {escape(node['label'])}"
    self.body.append(
        f'<a class="fact-link" href="#{node["anchor"]}" aria-label="{label}" title="{title}">¶</a>'
    )
    raise nodes.SkipNode


def _skip(self: SphinxTranslator, node: fact_link) -> None:  # noqa: ARG001
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the transforms; only HTML shows the links."""
    silent = (_skip, None)
    app.add_node(
        fact_link, html=(_visit, None), latex=silent, text=silent, man=silent, texinfo=silent
    )
    app.add_transform(AddFactAnchors)
    app.add_transform(LinkFacts)
