"""Lead old addresses to the new ones: docs/moved.toml names pages and sections that moved.

A page that is gone becomes a page that leads on. The anchor of a section stays on its old
page, with a line that leads on; so it works without JavaScript, and from a search engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from torchproof.finding.toml_lines import parse_toml
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.translation import translate
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FILE = "moved.toml"
_PART = "moves"
_HEAD = """\
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url={url}">"""


@dataclass(frozen=True)
class Address:
    """A page, or an anchor on it."""

    page: str
    anchor: str = ""

    @classmethod
    def read(cls, text: str) -> Address:
        """Read `page#anchor` or `page`."""
        page, _, anchor = text.partition("#")
        return cls(page, anchor)


@dataclass(frozen=True)
class Move:
    """An address that moved."""

    old: Address
    new: Address


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep the moves by the old page; warn of those from what is there, and to what is not."""
    kept = proof_domain(env).of_pages(_PART)
    kept.clear()
    path = Path(app.srcdir, FILE)
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    data, problem = parse_toml(text, file=str(path))
    if problem is not None:
        warn(Kind.ENTRY, problem.message, location=f"{problem.file}:{problem.line}")
        return
    lines = text.splitlines()
    for old, new in data.items():
        move = Move(Address.read(old), Address.read(str(new)))
        if wrong := _problem(env, move):
            line = next((n for n, t in enumerate(lines, 1) if t.startswith(f'"{old}"')), 1)
            warn(Kind.ENTRY, wrong, location=f"{path}:{line}")
        else:
            kept.setdefault(move.old.page, []).append(move)


def _problem(env: BuildEnvironment, move: Move) -> str:
    old, new = move.old, move.new
    if not _exists(env, new):
        return f"{_text(new)} is not there: name the page and the anchor that it moved to"
    if _exists(env, old):
        return f"{_text(old)} is still there: remove the move, or what moved"
    if old.anchor and old.page not in env.found_docs:
        return f"the page {old.page} is gone: name the move of the page, without an anchor"
    return ""


def _exists(env: BuildEnvironment, address: Address) -> bool:
    if address.page not in env.found_docs:
        return False
    document = env.get_doctree(address.page)
    return not address.anchor or any(
        address.anchor in element["ids"] for element in document.findall(nodes.Element)
    )


def _text(address: Address) -> str:
    return f"{address.page}#{address.anchor}" if address.anchor else address.page


def _line(app: Sphinx, from_page: str, new: Address) -> tuple[str, str]:
    """Return the address of a move's target, relative to a page, and the line that leads there."""
    url = app.builder.get_relative_uri(from_page, new.page)
    url += f"#{new.anchor}" if new.anchor else ""
    title = app.env.titles[new.page].astext()
    link = f'<a href="{escape(url)}">{escape(title)}</a>'
    return url, translate("This moved to %s.", link)


def _append(app: Sphinx, page: str, _: str, context: dict[str, Any], document: object) -> None:
    """Write the anchors that left a page, each with the line that leads on."""
    if document is None or "body" not in context:
        return
    for move in proof_domain(app.env).of_pages(_PART).get(page, []):
        _, line = _line(app, page, move.new)
        context["body"] += f'\n<p class="moved" id="{escape(move.old.anchor)}">{line}</p>'


def _pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Write a page for each that is gone."""
    for move in chain.from_iterable(proof_domain(app.env).of_pages(_PART).values()):
        if not move.old.anchor:
            url, line = _line(app, move.old.page, move.new)
            head = _HEAD.format(url=escape(url))
            title = app.env.titles[move.new.page].astext()
            body = f"<h1>{escape(title)}</h1>\n<p>{line}</p>"
            yield move.old.page, {"title": title, "body": body, "metatags": head}, "page.html"


def setup(app: Sphinx) -> None:
    """Check the moves when all pages are read; write them with the pages."""
    app.connect("env-check-consistency", _check)
    app.connect("html-page-context", _append)
    app.connect("html-collect-pages", _pages)
