"""Remove the pages that sphinx-gallery wrote for scripts that are no longer there.

It leaves them behind, and Sphinx warns that no table of contents has them: a pull that removes a
script would fail the next build.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# The digest of the script is written for nothing but a script's page.
_DIGEST = ".py.md5"
_WRITTEN = (_DIGEST, ".py", ".rst", ".ipynb", ".zip", ".codeobj.json", ".cost.json")


def _remove(app: Sphinx) -> None:
    settings = getattr(app.config, "sphinx_gallery_conf", {})
    pairs = zip(settings.get("examples_dirs", ()), settings.get("gallery_dirs", ()), strict=True)
    for scripts, pages in pairs:
        for digest in Path(app.srcdir, pages).glob(f"*{_DIGEST}"):
            stem = digest.name.removesuffix(_DIGEST)
            if not Path(app.srcdir, scripts, f"{stem}.py").exists():
                for ending in _WRITTEN:
                    digest.with_name(f"{stem}{ending}").unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    """Remove the pages before Sphinx looks for documents."""
    app.connect("builder-inited", _remove)
