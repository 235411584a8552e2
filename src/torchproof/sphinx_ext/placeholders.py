"""What a page shows of the records: a placeholder while it is read, drawn when it is written.

So a new record has pages written and none read. A page is written again if what its placeholders
draw is not what it was when this builder last wrote it; `shown-BUILDER.json` beside the doctrees
says what that was, once a build has ended well.
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
"""Event for a page that is not read again: its name, and its document as it is to be written."""
_PAGES = "placeholders"

# Doctrees and the environment are pickled, a function by its name: it has to be one of a module.
Draw = Callable[["BuildEnvironment", str, str], Sequence[nodes.Node]]
"""Gets the environment of the build, the name of the page, and what the placeholder is for."""


class placeholder(nodes.Element):  # noqa: N801 - docutils names its nodes like this
    """Stands for what `draw` returns of `subject`.

    It holds what that was as the page was read, where it is text of the page: the search and all
    others that read pages then know it.
    """


def place(draw: Draw, subject: str = "", *, content: Sequence[nodes.Node] = ()) -> placeholder:
    """Return a placeholder; `content` is the text that the page has as it is read."""
    return placeholder("", *content, draw=draw, subject=subject)


def fill(env: BuildEnvironment, docname: str, document: nodes.document) -> None:
    """Draw what stands behind the placeholders of a page."""
    for holder in list(document.findall(placeholder)):
        drawn = holder["draw"](env, docname, holder["subject"])
        # While a page is read, Sphinx does this to all its text.
        part = nodes.document(document.settings, document.reporter)
        part += drawn
        SphinxSmartQuotes(part, part).apply()
        holder.replace_self(part.children)


class FillPlaceholders(SphinxPostTransform):
    """Draw what stands behind the placeholders, before the links in it are resolved."""

    default_priority = 5

    def run(self, **_: object) -> None:
        """Go through the placeholders of a page."""
        docname = self.env.docname
        fill(self.env, docname, self.document)
        proof_domain(self.env).written.add(docname)


def _note(app: Sphinx, document: nodes.document) -> None:
    """Remember what a page has placeholders for, and whether they have text."""
    holders = list(document.findall(placeholder))
    if holders:
        noted = [(h["draw"], h["subject"], bool(h.children)) for h in holders]
        proof_domain(app.env).of_pages(_PAGES)[app.env.docname] = noted


def _write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that show something else than when they were written."""
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
        # A build of a few named pages leaves the others as they were.
        shown = {
            docname: text if docname in domain.written else before.get(docname, "")
            for docname, text in sorted(domain.shown.items())
        }
        write_atomically(_shown_path(app), json.dumps(shown, indent=1))


def _pass(_: SphinxTranslator, __: nodes.Element) -> None:
    """Show what a placeholder has: a heading is listed in other pages as it was read."""


def setup(app: Sphinx) -> None:
    """Note placeholders while reading; draw them while writing."""
    shown = (_pass, _pass)
    app.add_node(placeholder, html=shown, latex=shown, text=shown, man=shown, texinfo=shown)
    app.add_post_transform(FillPlaceholders)
    app.add_event(REDRAWN)
    app.connect("doctree-read", _note)
    app.connect("env-updated", _write_again)
    app.connect("build-finished", _remember)
