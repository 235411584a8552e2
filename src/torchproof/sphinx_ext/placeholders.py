"""Placeholders for data from the records: inserted on reading, drawn on writing.

So a new record makes pages be rewritten but not read again. A page is rewritten if its
placeholders' content differs from that of this builder's last write. A successful build stores
digests of the content in `shown-BUILDER.json`, next to the doctrees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.transforms import SphinxSmartQuotes
from sphinx.transforms.post_transforms import SphinxPostTransform

from torchproof.files import write_atomically
from torchproof.sphinx_ext.domain import proof_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.docutils import SphinxTranslator

REDRAWN = "proof-redrawn"
"""Event for a page with changed placeholder text, with its name and its filled doctree."""
_PAGES = "placeholders"

# Doctrees and environment are pickled, and functions are pickled by name, so only module-level
# functions work.
Draw = Callable[["BuildEnvironment", str, str], Sequence[nodes.Node]]
"""Takes the build environment, the name of the page, and the placeholder's `subject`."""


class placeholder(nodes.Element):  # noqa: N801 - docutils names its nodes like this
    """A placeholder for the nodes that `draw` returns for `subject`.

    If those nodes are part of the page's text, its children are their content at reading time, so
    that the search and other consumers of doctrees see it.
    """


def place(draw: Draw, subject: str = "", *, content: Sequence[nodes.Node] = ()) -> placeholder:
    """Return a placeholder; `content` is its text at reading time."""
    return placeholder("", *content, draw=draw, subject=subject)


def fill(env: BuildEnvironment, docname: str, document: nodes.document) -> None:
    """Replace the placeholders of a page by their current content."""
    for holder in list(document.findall(placeholder)):
        drawn = holder["draw"](env, docname, holder["subject"])
        # On reading, Sphinx applies smart quotes to all text of a page.
        part = nodes.document(document.settings, document.reporter)
        part += drawn
        SphinxSmartQuotes(part, part).apply()
        holder.replace_self(part.children)


class FillPlaceholders(SphinxPostTransform):
    """Fill the placeholders before the links in their content are resolved."""

    default_priority = 5

    def run(self, **_: object) -> None:
        """Fill the placeholders of a page."""
        docname = self.env.docname
        fill(self.env, docname, self.document)
        proof_domain(self.env).written.add(docname)


def _note(app: Sphinx, document: nodes.document) -> None:
    """Store the placeholders of a page, and whether they have text."""
    holders = list(document.findall(placeholder))
    if holders:
        noted = [(h["draw"], h["subject"], bool(h.children)) for h in holders]
        proof_domain(app.env).of_pages(_PAGES)[app.env.docname] = noted


def _write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose placeholders' content has changed since they were written."""
    domain = proof_domain(env)
    pages = domain.of_pages(_PAGES)
    domain.written = set()
    domain.shown = {}
    for docname, noted in pages.items():
        drawn = [node for draw, subject, _ in noted for node in draw(env, docname, subject)]
        domain.shown[docname] = _digest(drawn)
    before = _shown_before(app)
    changed = sorted(name for name, text in domain.shown.items() if before.get(name) != text)
    for docname in changed:
        if any(has_text for _, _, has_text in pages[docname]):
            document = env.get_doctree(docname)
            fill(env, docname, document)
            app.emit(REDRAWN, docname, document)
    return changed


def _digest(drawn: Sequence[nodes.Node]) -> str:
    return hashlib.sha256("".join(node.pformat() for node in drawn).encode()).hexdigest()[:20]


def _shown_before(app: Sphinx) -> dict[str, str]:
    try:
        before: dict[str, str] = json.loads(_shown_path(app).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return before


def _shown_path(app: Sphinx) -> Path:
    return Path(app.doctreedir, f"shown-{app.builder.name}.json")


def _remember(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        domain, before = proof_domain(app.env), _shown_before(app)
        # A build of selected pages does not write the others.
        shown = {
            docname: text if docname in domain.written else before.get(docname, "")
            for docname, text in sorted(domain.shown.items())
        }
        write_atomically(_shown_path(app), json.dumps(shown, indent=1))


def _pass(_: SphinxTranslator, __: nodes.Element) -> None:
    """Render a placeholder's children: headings are listed in other pages as they were read."""


def setup(app: Sphinx) -> None:
    """Store placeholders on reading; fill them on writing."""
    shown = (_pass, _pass)
    app.add_node(placeholder, html=shown, latex=shown, text=shown, man=shown, texinfo=shown)
    app.add_post_transform(FillPlaceholders)
    app.add_event(REDRAWN)
    app.connect("doctree-read", _note)
    app.connect("env-updated", _write_again)
    app.connect("build-finished", _remember)
