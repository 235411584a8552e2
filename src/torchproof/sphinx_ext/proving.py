"""The step before reading: every subject has an outcome, or the build says which has none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

from torchproof.descriptions import Descriptions
from torchproof.proof import Proof, prove
from torchproof.sphinx_ext.problems import Kind, logger, warn
from torchproof.subjects import Subject
from torchproof.tree import find_in_tree
from torchproof.worker import Worker, WorkerError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_worker: ContextVar[Worker | None] = ContextVar("worker", default=None)


def proof_of(app: Sphinx) -> Proof:
    """Return the proof of the tree that is being built."""
    proof: Proof = app.torchproof_proof  # type: ignore[attr-defined]
    return proof


def descriptions_of(app: Sphinx) -> Descriptions:
    """Return what introspection says of names."""
    descriptions: Descriptions = app.torchproof_descriptions  # type: ignore[attr-defined]
    return descriptions


def root_of(app: Sphinx) -> Path:
    """Return the folder that the files of subjects are relative to."""
    return Path(app.srcdir, app.config.torchproof_root).resolve()


def cache_of(app: Sphinx) -> Path:
    """Return the folder for what builds keep."""
    return Path(app.srcdir, app.config.torchproof_cache).resolve()


def subjects_of(app: Sphinx, docname: str) -> list[Subject]:
    """Return the subjects of a page, in its order; of a script's page, the script.

    sphinx-gallery writes the page of gallery/area/name.py to the document gallery/area/name.
    """
    path = Path(app.env.doc2path(docname))
    files = {f"{docname}.py"}
    if path.is_relative_to(root_of(app)):
        files.add(path.relative_to(root_of(app)).as_posix())
    return [subject for subject in proof_of(app).found.subjects if subject.file in files]


def scripts_for(app: Sphinx, names: tuple[str, ...]) -> list[Subject]:
    """Return the scripts that refer to one of the names."""
    scripts = (s for s in proof_of(app).found.subjects if s.kind == "script")
    return [script for script in scripts if set(names) & set(script.names)]


@contextmanager
def keep_worker(worker: Worker) -> Iterator[None]:
    """Have the builds of this process run their examples in a worker that outlives them."""
    token = _worker.set(worker)
    try:
        yield
    finally:
        _worker.reset(token)


def _prove(app: Sphinx) -> None:
    root = root_of(app)
    try:
        proof = prove(
            find_in_tree(root, cache=cache_of(app) / "found.json"),
            root=root,
            verified=Path(app.srcdir, "verified"),
            cache=cache_of(app),
            worker=_worker.get(),
            announce=lambda message: logger.info("torchproof: %s", message),
        )
        names = {name for s in proof.found.subjects if s.kind == "entry" for name in s.names}
        descriptions = Descriptions.load(names, cache=cache_of(app))
    except WorkerError as error:
        raise ExtensionError(str(error), modname="torchproof") from None
    app.torchproof_proof = proof  # type: ignore[attr-defined]
    app.torchproof_descriptions = descriptions  # type: ignore[attr-defined]
    for problem in proof.problems:
        path = Path(problem.file)
        location = f"{path if path.is_absolute() else root / path}:{problem.line}"
        warn(Kind.EXAMPLE, problem.message, location=location)


def _outdated(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """Return the pages whose verdicts, pictures or scripts differ from when they were read."""
    before: dict[str, str] = getattr(env, "torchproof_fingerprints", {})
    after = {}
    for docname in env.found_docs:
        subjects = subjects_of(app, docname)
        if subjects:
            after[docname] = _fingerprint(app, subjects)
    env.torchproof_fingerprints = after  # type: ignore[attr-defined]
    return sorted(name for name, mark in after.items() if before.get(name) != mark)


def _fingerprint(app: Sphinx, subjects: list[Subject]) -> str:
    proof = proof_of(app)
    content = []
    for subject in subjects:
        verdicts = proof.verdicts(subject)
        content.append(
            [
                subject.id,
                sorted((e.id, v.status, v.reason) for e, v in verdicts.items()),
                [d.content for d in proof.drawings.get(subject.id, ())],
                [(s.file, s.title) for s in scripts_for(app, subject.names)],
                [descriptions_of(app).mark(name) for name in subject.names],
            ]
        )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def setup(app: Sphinx) -> None:
    """Register the step and its settings."""
    app.add_config_value("torchproof_root", "..", "env", types=frozenset({str}))
    app.add_config_value("torchproof_cache", "_build/torchproof", "", types=frozenset({str}))
    # Before sphinx-gallery, whose scripts run in this process and would leave torch's threads.
    app.connect("builder-inited", _prove, priority=5)
    app.connect("env-get-outdated", _outdated)
