"""Write the data of the search, `search-index.js` and `search-stemmer.js`, and its page.

The data is a script, not JSON, since a page on `file://` may load scripts only. The browser indexes
the sections when the search is opened, so a build needs no Node.js. The stemmer is the one that
Sphinx ships for English.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.search import IndexBuilder

from torchproof.files import write_atomically
from torchproof.finding.subjects import Problem
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.placeholders import REDRAWN
from torchproof.sphinx_ext.proving import subjects_of
from torchproof.sphinx_ext.search.questions import Asked, read_questions
from torchproof.sphinx_ext.search.sections import Section, sections_of
from torchproof.sphinx_ext.search.settings import Settings, read_settings
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

NAME = "search-index.js"
STEMMER = "search-stemmer.js"
QUESTIONS = "questions.toml"
SETTINGS = "search.toml"
_SITES = ("html", "dirhtml")
_PAGE = """\
<h1>Search</h1>
<div id="search-page">
<p>The search needs JavaScript. The <a href="{index}">first page</a> leads to all others.</p>
</div>
"""


def _gather_read(app: Sphinx, doctree: nodes.document) -> None:
    _gather(app, app.env.docname, doctree)


def _gather(app: Sphinx, docname: str, doctree: nodes.document) -> None:
    """Collect the sections of a page that was read, or whose placeholders were redrawn."""
    _gathered(app.env)[docname] = sections_of(
        doctree,
        of_script=any(s.kind == "script" for s in subjects_of(app.env, docname)),
        of_errors=posixpath.basename(docname) == "errors",
    )


def index_data(app: Sphinx) -> dict[str, Any]:
    """Return the content of the index: pages sorted by name, their sections, and synonyms."""
    gathered = sorted(_gathered(app.env).items())
    asked = _asked(app, gathered)
    settings = _settings(app, {docname for docname, _ in gathered})
    pages = [
        {
            "url": app.builder.get_target_uri(docname),
            "title": app.env.titles[docname].astext(),
            "area": _area(app, docname),
            "script": any(section.kind == "script" for section in found),
            "errors": posixpath.basename(docname) == "errors",
            "recipes": posixpath.basename(docname) == "recipes",
            "aside": posixpath.basename(docname) == "index" or docname in settings.aside,
        }
        for docname, found in gathered
    ]
    sections = [
        {
            "page": number,
            **_without_empty(section, asked.get(_address(docname, section.anchor), Asked())),
        }
        for number, (docname, found) in enumerate(gathered)
        for section in found
    ]
    return {"pages": pages, "sections": sections, "synonyms": settings.synonyms}


def _asked(app: Sphinx, gathered: list[tuple[str, list[Section]]]) -> dict[str, Asked]:
    """Return what is asked of each section, and warn of an address that leads nowhere."""
    path = Path(app.srcdir, QUESTIONS)
    known = {_address(docname, section.anchor) for docname, found in gathered for section in found}
    asked, problems = read_questions(path, known=known)
    _warn_of(problems)
    return asked


def _settings(app: Sphinx, pages: set[str]) -> Settings:
    settings, problems = read_settings(Path(app.srcdir, SETTINGS), pages=pages)
    _warn_of(problems)
    return settings


def _warn_of(problems: list[Problem]) -> None:
    for problem in problems:
        warn(Kind.QUESTION, problem.message, location=f"{problem.file}:{problem.line}")


def _address(docname: str, anchor: str) -> str:
    return f"{docname}#{anchor}" if anchor else docname


def _gathered(env: BuildEnvironment) -> dict[str, list[Section]]:
    return proof_domain(env).of_pages("sections")


def _area(app: Sphinx, docname: str) -> str:
    """Return the title of the index page in a page's folder."""
    index = posixpath.join(posixpath.dirname(docname), "index")
    titles = app.env.titles
    return titles[index].astext() if index != docname and "/" in index and index in titles else ""


def _without_empty(section: Section, asked: Asked) -> dict[str, Any]:
    data = {
        **vars(section),
        "code": " ".join(section.code),
        "questions": asked.questions,
        "pasted": asked.messages,
    }
    return {key: value for key, value in data.items() if value}


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name in _SITES:
        data = json.dumps(index_data(app), ensure_ascii=False, separators=(",", ":"))
        write_atomically(Path(app.outdir, NAME), f"var torchproofSearchIndex = {data};\n")
        stemmer = IndexBuilder(app.env, "en", {}, "").get_js_stemmer_code()
        write_atomically(Path(app.outdir, STEMMER), f"{stemmer}\n")


def _replace_stock_search(app: Sphinx) -> None:
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def _pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name in _SITES:
        index = app.builder.get_relative_uri("search", app.config.root_doc)
        robots = '<meta name="robots" content="noindex">'
        context = {"title": "Search", "body": _PAGE.format(index=index), "metatags": robots}
        yield "search", context, "page.html"


def setup(app: Sphinx) -> None:
    """Collect on reading, write after the build, and replace Sphinx's own search."""
    app.connect("doctree-read", _gather_read)
    app.connect(REDRAWN, _gather)
    app.connect("builder-inited", _replace_stock_search)
    app.connect("html-collect-pages", _pages)
    app.connect("build-finished", _write)
