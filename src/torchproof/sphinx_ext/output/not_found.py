"""Configure the page for HTTP status 404, whose links work at any depth."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

_BODY = """\
<h1>This page is not here</h1>
<p>It may have moved. Search for it, or begin at the <a href="{root}index.html">front page</a>.</p>
<form action="{root}search.html" role="search">
<label>Search <input type="search" name="q"></label> <button>Go</button>
</form>
"""


def _configure(_: Sphinx, config: Config) -> None:
    # Without a base URL, assume that the site is at the root of its server.
    root = f"{urlsplit(config.html_baseurl).path.rstrip('/')}/"
    config.notfound_urls_prefix = root
    config.notfound_context = {
        "title": "Page not found",
        "body": _BODY.format(root=escape(root)),
    }


def setup(app: Sphinx) -> None:
    """Configure sphinx-notfound-page, which writes 404.html."""
    app.setup_extension("notfound.extension")
    app.connect("config-inited", _configure, priority=1)
