"""The `{message-index}` directive lists the error and warning messages in the output of an area."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.directives.tables import anchor_link, filters, row, table
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.messages import examples_in, messages_in
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ERRORS = "errors"
"""Page of an area that tells cause and remedy."""
_PART = "messages"
_LONGEST = 240
# torch appends the line of its C++ source to a warning.
_ORIGIN = re.compile(r"\s*\(Triggered internally at .*")


@dataclass(frozen=True)
class Provoked:
    """A message, and the section whose example provokes it."""

    message: str
    anchor: str
    """Empty for the top of the page."""
    title: str


class MessageIndexDirective(SphinxDirective):
    """List the messages of an area, in the order of their words."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the list: other pages may be read later."""
        return [place(draw_message_index, self.arguments[0])]


def draw_message_index(env: BuildEnvironment, docname: str, area: str) -> list[nodes.Node]:
    """Return the messages of an area, each with its cause and with the sections that provoke it."""
    places: dict[str, dict[tuple[str, str], str]] = {}
    for page, found in sorted(proof_domain(env).of_pages(_PART).items()):
        if page.startswith(f"{area}/"):
            for one in found:
                places.setdefault(one.message, {})[page, one.anchor] = one.title
    rows = [
        row(
            [
                nodes.literal("", _shortened(message)),
                _links(env, docname, {at: t for at, t in places[message].items() if _explains(at)}),
                _links(
                    env, docname, {at: t for at, t in places[message].items() if not _explains(at)}
                ),
            ]
        )
        for message in sorted(places, key=_words)
    ]
    target = f"messages-of-{area}"
    heads = [say("message"), say("cause and remedy"), say("shown by")]
    listed = table(heads, rows, classes=["messages"], name=target)
    # Without content on reading: the search leads to what provokes a message, not to this list.
    return [filters(target, {}), listed]


def _links(
    env: BuildEnvironment, docname: str, places: Mapping[tuple[str, str], str]
) -> nodes.paragraph:
    """Return links to sections, with a page's title before those that are not its top."""
    line = nodes.paragraph()
    for (page, anchor), title in places.items():
        if line.children:
            line += nodes.Text(" · ")
        of_page = "" if _explains((page, anchor)) or not anchor else env.titles[page].astext()
        text = nodes.Text(f"{of_page}: {title}" if of_page else title)
        line += anchor_link(docname, page, anchor, [text])
    return line


def _explains(place: tuple[str, str]) -> bool:
    return posixpath.basename(place[0]) == ERRORS


def _words(message: str) -> tuple[str, str]:
    """Sort by the words of the message, then by its type."""
    kind, _, words = message.partition(": ")
    return re.sub(r"[^a-z0-9]+", " ", (words or kind).lower()).strip(), kind


def _shortened(message: str) -> str:
    if len(message) <= _LONGEST:
        return message
    return message[:_LONGEST].rpartition(" ")[0] + " …"


def _note(app: Sphinx, document: nodes.document) -> None:
    """Store the messages of a page, with its sections in the language of the site."""
    found = tuple(dict.fromkeys(_provoked(document)))
    if found:
        proof_domain(app.env).of_pages(_PART)[app.env.docname] = found


def _provoked(document: nodes.document) -> Iterator[Provoked]:
    for block in document.findall(nodes.literal_block):
        section = _section(block)
        if section is None:
            continue
        top = isinstance(section.parent, nodes.document)
        for example in examples_in(block):
            for message in messages_in(example.want):
                yield Provoked(
                    _ORIGIN.sub("", message), "" if top else section["ids"][0], section[0].astext()
                )


def _section(node: nodes.Node) -> nodes.section | None:
    """Return the section that a node stands in."""
    around: nodes.Node | None = node
    while around is not None and not isinstance(around, nodes.section):
        around = around.parent
    return around


def setup(app: Sphinx) -> None:
    """Register the directive; store the messages when a page is read."""
    app.add_directive("message-index", MessageIndexDirective)
    app.connect("doctree-read", _note)
