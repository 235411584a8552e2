"""The `{silent}` directive marks what goes wrong without an error; `{silent-faults}` gathers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.directives.tables import anchor_link, document_link
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.translation import counted, say
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

LIST = "wrong-without-a-word"
"""Page of an area that gathers its silent faults."""
_PART = "silent faults"
_END = re.compile(r"(?<=[.?!])(?<!e\.g\.)(?<!i\.e\.)(?=\s)|(?<=[\u3002\uff1f\uff01])")


class silent_fault(nodes.admonition):  # noqa: N801 - docutils names its nodes like this
    """A box on a silent fault, rendered as an admonition."""


@dataclass(frozen=True)
class Piece:
    """A part of a line: text, or code."""

    text: str
    code: bool

    def node(self) -> nodes.Node:
        """Return the part as a node."""
        return nodes.literal("", self.text) if self.code else nodes.Text(self.text)


@dataclass(frozen=True)
class SilentFault:
    """What the list shows of a box."""

    anchor: str
    title: tuple[Piece, ...]
    line: tuple[Piece, ...]
    """Its first sentence."""


class SilentDirective(SphinxDirective):
    """A box with what goes wrong without a word, and with the example that shows it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the box; warn if no example is in it."""
        title = self.arguments[0]
        words = re.findall(r"[a-z0-9]+", title.lower())
        box = silent_fault(classes=["silent"], ids=[self._anchor("-".join(["silent", *words]))])
        self.set_source_info(box)
        inline, messages = self.parse_inline(title, lineno=self.lineno)
        named = nodes.paragraph(title, "", *inline, classes=["silent-title"])
        named.source, named.line = self.get_source_info()
        box += [self._kind(), named, *self.parse_content_to_nodes()]
        blocks = box.findall(nodes.literal_block)
        if not any(block.get("testnodetype") == "doctest" for block in blocks):
            warn(
                Kind.EXAMPLE,
                "no example shows this silent fault: put a {doctest} block into {silent}",
                location=self.get_location(),
            )
        return [box, *messages]

    def _anchor(self, stem: str) -> str:
        taken, number = self.state.document.ids, 1
        name = stem
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken[name] = self.state.document
        return name

    def _kind(self) -> nodes.paragraph:
        """Return the words that name the kind of box, linked to the list if there is one."""
        page = f"{self.env.docname.rpartition('/')[0]}/{LIST}"
        line = nodes.paragraph(classes=["silent-kind"], translatable=False)
        words = nodes.inline("", say("Wrong without a word"))
        line += words
        if page in self.env.found_docs:
            link = document_link(self.env.docname, page)
            link["refexplicit"] = True
            link.children = [words]
            words.parent = link
            line.children = []
            line += link
        return line


class SilentFaultsDirective(SphinxDirective):
    """List the silent faults of an area, page by page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the list: other pages may be read later."""
        area = self.arguments[0]
        content = draw_silent_faults(self.env, self.env.docname, area)
        return [place(draw_silent_faults, area, content=content)]


def draw_silent_faults(env: BuildEnvironment, docname: str, area: str) -> list[nodes.Node]:
    """Return the silent faults of an area, in the order of its pages."""
    pages = _noted(env)
    listed = env.toctree_includes.get(f"{area}/index", [])
    own = sorted(
        (page for page in pages if page.startswith(f"{area}/")),
        key=lambda page: (listed.index(page) if page in listed else len(listed), page),
    )
    number = sum(len(pages[page]) for page in own)
    drawn: list[nodes.Node] = [
        nodes.paragraph("", counted("%d silent fault", "%d silent faults", number))
    ]
    for page in own:
        drawn.append(nodes.paragraph("", "", nodes.strong("", "", document_link(docname, page))))
        drawn.append(nodes.bullet_list("", *(_item(docname, page, f) for f in pages[page])))
    return drawn


def _item(docname: str, page: str, fault: SilentFault) -> nodes.list_item:
    link = anchor_link(docname, page, fault.anchor, [piece.node() for piece in fault.title])
    line = nodes.paragraph("", "", nodes.strong("", "", link))
    line += [nodes.Text(": "), *(piece.node() for piece in fault.line)]
    return nodes.list_item("", line, classes=["silent-fault"])


def _note(app: Sphinx, document: nodes.document) -> None:
    """Store the silent faults of a page, in the language of the site."""
    found = tuple(_faults(document))
    if found:
        _noted(app.env)[app.env.docname] = found


def _noted(env: BuildEnvironment) -> dict[str, tuple[SilentFault, ...]]:
    return proof_domain(env).of_pages(_PART)


def _faults(document: nodes.document) -> Iterator[SilentFault]:
    for box in document.findall(silent_fault):
        paragraphs = [c for c in box.children if isinstance(c, nodes.paragraph)]
        title = next(p for p in paragraphs if "silent-title" in p["classes"])
        rest = [p for p in paragraphs if not p["classes"]]
        line = _first_sentence(_pieces(rest[0])) if rest else ()
        yield SilentFault(box["ids"][0], tuple(_pieces(title)), tuple(line))


def _pieces(paragraph: nodes.paragraph) -> Iterator[Piece]:
    for text in paragraph.findall(nodes.Text):
        yield Piece(text.astext(), isinstance(text.parent, nodes.literal))


def _first_sentence(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        end = None if piece.code else _END.search(piece.text)
        yield piece if end is None else Piece(piece.text[: end.start()], code=False)
        if end is not None:
            return


def setup(app: Sphinx) -> None:
    """Register the directives; store the faults when a page is read."""
    app.add_node(silent_fault, override=True)
    app.add_directive("silent", SilentDirective)
    app.add_directive("silent-faults", SilentFaultsDirective)
    app.connect("doctree-read", _note)
