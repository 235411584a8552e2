"""The `{silent}` directive marks what goes wrong without an error; `{silent-faults}` gathers it.

A list of an area has all its faults; with `:symptom:` it has those of one symptom, and then each
box of the area names a symptom that some list has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
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
_LISTS = "lists of silent faults"
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
    symptom: str = ""
    """Key of what a reader sees."""
    location: str = ""
    """File and line of the box."""


@dataclass(frozen=True)
class Listed:
    """A list of silent faults on a page."""

    area: str
    symptom: str
    """Empty for a list of all."""


class SilentDirective(SphinxDirective):
    """A box with what goes wrong without a word, and with the example that shows it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"symptom": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the box; warn if no example is in it."""
        title = self.arguments[0]
        words = re.findall(r"[a-z0-9]+", title.lower())
        box = silent_fault(
            classes=["silent"],
            ids=[self._anchor("-".join(["silent", *words]))],
            symptom=self.options.get("symptom", "").strip(),
            location=self.get_location(),
        )
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
    """List the silent faults of an area, or those of one symptom, page by page."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"symptom": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the list: other pages may be read later."""
        listed = Listed(self.arguments[0], self.options.get("symptom", "").strip())
        lists = proof_domain(self.env).of_pages(_LISTS).setdefault(self.env.docname, [])
        lists.append(listed)
        key = f"{listed.area} {listed.symptom}"
        content = draw_silent_faults(self.env, self.env.docname, key)
        return [place(draw_silent_faults, key, content=content)]


def draw_silent_faults(env: BuildEnvironment, docname: str, key: str) -> list[nodes.Node]:
    """Return the silent faults of an area, or of one symptom, in the order of its pages."""
    area, _, symptom = key.partition(" ")
    pages = {
        page: [fault for fault in faults if symptom in ("", fault.symptom)]
        for page, faults in _noted(env).items()
    }
    listed = env.toctree_includes.get(f"{area}/index", [])
    own = sorted(
        (page for page, faults in pages.items() if faults and page.startswith(f"{area}/")),
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
        yield SilentFault(
            *(box["ids"][0], tuple(_pieces(title)), tuple(line), box["symptom"], box["location"])
        )


def _pieces(paragraph: nodes.paragraph) -> Iterator[Piece]:
    for text in paragraph.findall(nodes.Text):
        yield Piece(text.astext(), isinstance(text.parent, nodes.literal))


def _first_sentence(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        end = None if piece.code else _END.search(piece.text)
        yield piece if end is None else Piece(piece.text[: end.start()], code=False)
        if end is not None:
            return


def _check(_: Sphinx, env: BuildEnvironment) -> None:
    """Warn of a box whose symptom no list of its area has, where lists are by symptom."""
    lists = [one for page in proof_domain(env).of_pages(_LISTS).values() for one in page]
    for area in {listed.area for listed in lists if listed.symptom}:
        symptoms = sorted({one.symptom for one in lists if one.area == area and one.symptom})
        for page, faults in _noted(env).items():
            for fault in faults if page.startswith(f"{area}/") else ():
                if fault.symptom not in symptoms:
                    warn(
                        Kind.EXAMPLE,
                        f"no list has the symptom {fault.symptom!r}: write one of these as "
                        f":symptom: ({', '.join(symptoms)})",
                        location=fault.location,
                    )


def setup(app: Sphinx) -> None:
    """Register the directives; store the faults when a page is read, and check their symptoms."""
    app.add_node(silent_fault, override=True)
    app.add_directive("silent", SilentDirective)
    app.add_directive("silent-faults", SilentFaultsDirective)
    app.connect("doctree-read", _note)
    app.connect("env-check-consistency", _check)
