"""Pages that show more than is in their source, such as what introspection says of a name.

Such a page depends on a fingerprint: a function whose text changes when what is shown does. The
page is read again when the text is not what it was when the page was read. What the records say
needs no fingerprint if it is a placeholder (`placeholders.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torchproof.sphinx_ext.domain import proof_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# The environment is pickled, and a function is pickled by its name: it has to be one of a module.
Fingerprint = Callable[["BuildEnvironment", str], str]
"""Gets the environment of the build and the name of the page."""


def depend_on(env: BuildEnvironment, fingerprint: Fingerprint) -> None:
    """Have the page that is being read read again when the fingerprint changes."""
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
    """Ask the fingerprints before reading."""
    app.connect("env-get-outdated", _outdated)
