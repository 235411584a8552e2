"""Write lists of all pages: sitemap.xml for search engines, llms.txt for language models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from sphinx import addnodes
from sphinx.builders.html import StandaloneHTMLBuilder

from torchproof.files import write_atomically
from torchproof.sphinx_ext.output.summaries import summaries_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NO_CONTENT = {"404"}
"""Pages to leave out of all lists."""


def pages_in_order(env: BuildEnvironment, *, root: str) -> list[str]:
    """Return all pages in the order of the navigation, then those that it does not reach."""
    order = list(dict.fromkeys(_below(env, root, set())))
    return [*order, *sorted(env.found_docs - {*order} - NO_CONTENT)]


def _below(env: BuildEnvironment, docname: str, seen: set[str]) -> Iterator[str]:
    if docname in seen:
        return
    seen.add(docname)
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from _below(env, child, seen)


def llms_text(app: Sphinx) -> str:
    """Return llms.txt: the site's name and summary, and each page with its first sentence."""
    summaries, titles = summaries_of(app.env), app.env.titles
    base = f"{app.config.html_baseurl.rstrip('/')}/" if app.config.html_baseurl else ""
    lines = [f"# {app.config.project}"]
    if about := summaries.get(app.config.root_doc):
        lines += ["", f"> {about}"]
    for heading, pages in _groups(app.env, root=app.config.root_doc):
        lines += ["", f"## {heading}", ""]
        for docname in pages:
            summary = f": {summaries[docname]}" if docname in summaries else ""
            lines.append(f"- [{titles[docname].astext()}]({base}{docname}.md){summary}")
    return "\n".join(lines) + "\n"


def _groups(env: BuildEnvironment, *, root: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of the navigation: each page with its descendants, then childless pages."""
    seen = {root}
    for toctree in env.get_doctree(root).findall(addnodes.toctree):
        caption = toctree.get("caption") or "Pages"
        alone = []
        for docname in toctree["includefiles"]:
            pages = list(_below(env, docname, seen))
            if len(pages) > 1:
                yield f"{caption}: {env.titles[docname].astext()}", pages
            else:
                alone += pages
        if alone:
            yield caption, alone
    if rest := sorted(env.found_docs - seen - NO_CONTENT):
        yield "Other pages", rest


def sitemap(app: Sphinx) -> str:
    """Return sitemap.xml, without dates, which would differ from build to build."""
    base = app.config.html_baseurl.rstrip("/")
    addresses = [
        f"{base}/{app.builder.get_target_uri(docname)}"
        for docname in pages_in_order(app.env, root=app.config.root_doc)
    ]
    urls = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f'{head}<urlset xmlns="{_SITEMAP}">\n{urls}</urlset>\n'


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    write_atomically(Path(app.outdir, "llms.txt"), llms_text(app))
    # The protocol requires absolute URLs.
    if app.config.html_baseurl:
        write_atomically(Path(app.outdir, "sitemap.xml"), sitemap(app))


def setup(app: Sphinx) -> None:
    """Write the lists after the build."""
    app.connect("build-finished", _write)
