"""Read pages again when data outside their source changes, such as introspection results.

Such a page depends on a fingerprint: a function whose text changes with the data. The page is read
again if the text differs from that of the last reading. Data from the records needs no fingerprint
if it is drawn by a placeholder (`placeholders.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torchproof.sphinx_ext.domain import proof_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# The environment is pickled, and functions are pickled by name, so only module-level ones work.
Fingerprint = Callable[["BuildEnvironment", str], str]
"""Takes the build environment and the name of the page."""


def depend_on(env: BuildEnvironment, fingerprint: Fingerprint) -> None:
    """Read the current page again in a later build if the fingerprint has changed."""
    shown = _shown(env).setdefault(env.docname, {})
    if fingerprint not in shown:
        shown[fingerprint] = fingerprint(env, env.docname)


def _outdated(_: Sphinx, env: BuildEnvironment, *__: object) -> list[str]:
    return sorted(
        docname
        for docname, before in _shown(env).items()
        if docname in env.found_docs
        and any(fingerprint(env, docname) != text for fingerprint, text in before.items())
    )


def _shown(env: BuildEnvironment) -> dict[str, dict[Fingerprint, str]]:
    return proof_domain(env).of_pages("dependencies")


def setup(app: Sphinx) -> None:
    """Compare the fingerprints before reading."""
    app.connect("env-get-outdated", _outdated)
