"""Link names in code to their entries, on pages and scripts' pages.

The object behind a name is inferred from the code of its subject, never guessed; see `api.code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.writers.html5 import HTML5Translator

from torchproof.api.code.uses import Use, uses
from torchproof.sphinx_ext.domain import proof_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_PROMPT = re.compile(r"(>>>|\.\.\.)( |$)")
_PROMPT_WIDTH = 4
_PIECE = re.compile(r"<span[^>]*>[^<]*</span>|<[^>]*>|[^<]+")
_TAG = re.compile(r"<[^>]*>")
_CHARACTER = re.compile(r"&[^;]+;|.", re.DOTALL)


def add_links(html: str, links: list[tuple[Use, str]]) -> str:
    """Wrap names in highlighted code in links; skip a link that would split a token."""
    starts = {(use.line, use.start): (use, uri) for use, uri in links}
    parts: list[str] = []
    line, column = 1, 0
    end: tuple[int, int] | None = None
    opened = 0
    for piece in _PIECE.findall(html):
        text = _TAG.sub("", piece)
        if text and end is None and (line, column) in starts:
            use, uri = starts[line, column]
            opened, end = len(parts), (use.line, use.end)
            parts.append(f'<a class="code-link" href="{escape(uri)}" title="{escape(use.name)}">')
        parts.append(piece)
        characters = _CHARACTER.findall(text)
        if "\n" in characters:
            line += characters.count("\n")
            column = characters[::-1].index("\n")
        else:
            column += len(characters)
        if end is not None and (line, column) == end:
            parts.append("</a>")
            end = None
        elif end is not None and (line, column) > end:
            parts[opened] = ""
            end = None
    return "".join(parts)


def python_of(block: nodes.literal_block) -> str | None:
    """Return the Python code of a block without prompts, line by line; None for other languages."""
    text = block.astext()
    if block.get("testnodetype") != "doctest":
        return text if str(block.get("language")).lower() == "python" else None
    return "\n".join(
        line[_PROMPT_WIDTH:] if _PROMPT.match(line) else "" for line in text.split("\n")
    )


def _link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Store in each code block the links to put into it."""
    _take_back(doctree)
    blocks = [
        (section, block, code)
        for section, block in _blocks(doctree)
        if (code := python_of(block)) is not None
    ]
    setup = [code for section, _, code in blocks if section is None]
    for section, group in groupby(blocks, key=lambda found: found[0]):
        own = [(block, code) for _, block, code in group]
        # A section runs after its page's set-up, so it is analysed together with that.
        before = "".join(f"{code}\n" for code in setup) if section is not None else ""
        entries = _entries(app, docname, section)
        found = uses(before + "\n".join(code for _, code in own), entries.keys())
        first = before.count("\n")
        for block, code in own:
            shift = _PROMPT_WIDTH if block.get("testnodetype") == "doctest" else 0
            count = code.count("\n") + 1
            block["code_links"] = [
                (
                    Use(use.line - first, use.start + shift, use.end + shift, use.name),
                    entries[use.name],
                )
                for use in found
                if first < use.line <= first + count and entries[use.name]
            ]
            first += count


def _take_back(doctree: nodes.document) -> None:
    """Restore the code blocks that sphinx-gallery has highlighted without finding links."""
    for block in list(doctree.findall(nodes.TextElement)):
        coloured = type(block).__name__ == "code_links_block"
        if coloured and next(block.findall(nodes.reference), None) is None:
            text = block.astext().rstrip("\n")
            plain = nodes.literal_block(text, text, language=block["lang"])
            plain["classes"] = block["classes"]
            block.replace_self(plain)


def _entries(app: Sphinx, docname: str, section: nodes.section | None) -> dict[str, str]:
    """Return the URL of each entry relative to a page; empty for the section's own entries."""
    domain = proof_domain(app.env)
    heads = section.findall(addnodes.desc_signature) if section is not None else ()
    own = {anchor for line in heads for anchor in line["ids"]}
    addresses = {}
    for name, (page, anchor) in domain.entries.items():
        uri = "" if page == docname else app.builder.get_relative_uri(docname, page)
        here = page == docname and anchor in own
        addresses[name] = "" if here else f"{uri}#{anchor}"
    return addresses


def _blocks(
    doctree: nodes.document,
) -> Iterator[tuple[nodes.section | None, nodes.literal_block]]:
    """Yield the code blocks, each with its second-level section; None for set-up and scripts."""
    for block in doctree.findall(nodes.literal_block):
        sections = []
        node: nodes.Node | None = block
        while node is not None:
            if isinstance(node, nodes.section):
                sections.append(node)
            node = node.parent
        scripts = "sphx-glr-example-title" in sections[-1]["classes"] if sections else False
        yield (sections[-2] if len(sections) > 1 and not scripts else None), block


def _visit(self: HTML5Translator, node: nodes.literal_block) -> None:
    try:
        HTML5Translator.visit_literal_block(self, node)
    except nodes.SkipNode:
        if links := node.get("code_links"):
            self.body[-1] = _link_inside(self.body[-1], links)
        raise


def _link_inside(html: str, links: list[tuple[Use, str]]) -> str:
    head, pre, rest = html.partition("<pre>")
    code, end, tail = rest.partition("</pre>")
    return f"{head}{pre}{add_links(code, links)}{end}{tail}"


def _depart(self: HTML5Translator, node: nodes.literal_block) -> None:
    HTML5Translator.depart_literal_block(self, node)


def _write_again(_: Sphinx, env: BuildEnvironment) -> list[str]:
    """Rewrite all pages when an entry is added, removed or moved, since any may link to it."""
    domain = proof_domain(env)
    before = domain.data.get("linked")
    domain.data["linked"] = dict(domain.entries)
    return sorted(env.found_docs) if before not in (None, domain.entries) else []


def setup(app: Sphinx) -> None:
    """Add the links when a page is written."""
    app.add_node(nodes.literal_block, override=True, html=(_visit, _depart))
    app.connect("doctree-resolved", _link_names)
    app.connect("env-updated", _write_again)
