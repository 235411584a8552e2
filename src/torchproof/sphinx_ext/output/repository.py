"""Links into the repository, if one is configured: edit a page, open a script in Colab.

The theme makes the edit links. That of a script's generated page leads to the script.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchproof.files import write_atomically
from torchproof.sphinx_ext.output.page_links import PageLink, add_page_link
from torchproof.sphinx_ext.proving import subjects_of
from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_GITHUB = "https://github.com/"
_COLAB = "https://colab.research.google.com/github/"


def _link(app: Sphinx, pagename: str, _: str, context: dict[str, Any], __: object) -> None:
    repository = app.config.torchproof_repository.rstrip("/")
    if not repository or pagename not in app.env.all_docs:
        return
    notebook = _notebook(app, pagename)
    if notebook is not None:
        # These make the theme link to the script, which has the same path as the page.
        context["theme_source_directory"] = ""
        context["page_source_suffix"] = ".py"
    elif pagename.startswith("gallery/"):
        context["page_source_suffix"] = ""
    if notebook is None or not repository.startswith(_GITHUB):
        return
    # Colab opens notebooks on GitHub only; ours are next to the pages on the site's branch.
    write_atomically(Path(app.outdir, f"{pagename}.ipynb"), notebook.read_bytes())
    place = f"{repository.removeprefix(_GITHUB)}/blob/{app.config.torchproof_site_branch}"
    url = f"{_COLAB}{place}/{pagename}.ipynb"
    add_page_link(context, PageLink(say("Open in Colab"), url, ' rel="external"'))


def _notebook(app: Sphinx, pagename: str) -> Path | None:
    """Return the notebook of a script's page."""
    path = Path(app.srcdir, f"{pagename}.ipynb")
    is_script = any(subject.kind == "script" for subject in subjects_of(app.env, pagename))
    return path if is_script and path.is_file() else None


def setup(app: Sphinx) -> None:
    """Register the settings; without a repository there are no links."""
    app.add_config_value("torchproof_repository", "", "html", types=frozenset({str}))
    app.add_config_value("torchproof_site_branch", "gh-pages", "html", types=frozenset({str}))
    app.connect("html-page-context", _link)
