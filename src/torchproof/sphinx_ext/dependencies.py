"""Pages that show more than their own subjects, such as counts of the whole site.

Such a page depends on a fingerprint: a function whose text changes when what is shown does. The
page is read again when the text is not what it was when the page was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from torchproof.sphinx_ext.proving import proof_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# The environment is pickled, and a function is pickled by its name: it has to be one of a module.
Fingerprint = Callable[["BuildEnvironment", str], str]
"""Gets the environment of the build and the name of the page."""


def depend_on(env: BuildEnvironment, fingerprint: Fingerprint) -> None:
    """Have the page that is being read read again when the fingerprint changes."""
    _shown(env).setdefault(env.docname, {})[fingerprint] = fingerprint(env, env.docname)


def proof_fingerprint(env: BuildEnvironment, _: str) -> str:
    """Return a digest of all verdicts, and of what the marks of subjects say."""
    proof = proof_of(env)
    content = [
        (
            *(subject.id, subject.title, repr(subject.marks)),
            [(example.marks, example.change) for example in subject.examples],
            sorted((e.id, v.status, v.reason) for e, v in proof.verdicts(subject).items()),
        )
        for subject in proof.found.subjects
    ]
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _shown(env: BuildEnvironment) -> dict[str, dict[Fingerprint, str]]:
    if not hasattr(env, "torchproof_shown"):
        env.torchproof_shown = {}  # type: ignore[attr-defined]
    shown: dict[str, dict[Fingerprint, str]] = env.torchproof_shown  # type: ignore[attr-defined]
    return shown


def _outdated(_: Sphinx, env: BuildEnvironment, *__: object) -> list[str]:
    return sorted(
        docname
        for docname, before in _shown(env).items()
        if docname in env.found_docs
        and any(fingerprint(env, docname) != text for fingerprint, text in before.items())
    )


def _purge(_: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _shown(env).pop(docname, None)


def _merge(
    _: Sphinx, env: BuildEnvironment, docnames: AbstractSet[str], other: BuildEnvironment
) -> None:
    _shown(env).update({d: shown for d, shown in _shown(other).items() if d in docnames})


def setup(app: Sphinx) -> None:
    """Ask the fingerprints before reading; forget and merge what pages showed."""
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
