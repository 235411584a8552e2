"""Prove all subjects before reading, and warn of those that failed or have a problem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

from torchproof.api.descriptions import Descriptions
from torchproof.finding.reading_order import ReadingOrder, read_order
from torchproof.finding.subjects import Subject
from torchproof.finding.tree import find_in_tree
from torchproof.mutants.recorded import read_recorded
from torchproof.records.proof import Proof, prove
from torchproof.running.worker import Worker, WorkerError
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.site import Site
from torchproof.sphinx_ext.warning_types import Kind, logger, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ORDER = "learn.toml"
_worker: ContextVar[Worker | None] = ContextVar("worker", default=None)


def site_of(env: BuildEnvironment) -> Site:
    """Return the site of the tree that is being built."""
    return proof_domain(env).site


def proof_of(env: BuildEnvironment) -> Proof:
    """Return the proof of the tree that is being built."""
    return site_of(env).proof


def descriptions_of(env: BuildEnvironment) -> Descriptions:
    """Return the introspection results by name."""
    return site_of(env).descriptions


def order_of(env: BuildEnvironment) -> ReadingOrder:
    """Return the reading order of the scripts."""
    return site_of(env).order


def root_of(env: BuildEnvironment) -> Path:
    """Return the folder that the paths of subjects are relative to."""
    return site_of(env).root


def subjects_of(env: BuildEnvironment, docname: str) -> list[Subject]:
    """Return the subjects of a page in order; for a script's page, the script.

    sphinx-gallery writes the page of gallery/area/name.py as the document gallery/area/name.
    """
    site = site_of(env)
    path = Path(env.doc2path(docname))
    files = {f"{docname}.py"}
    if path.is_relative_to(site.root):
        files.add(path.relative_to(site.root).as_posix())
    return [subject for subject in site.proof.found.subjects if subject.file in files]


def scripts_for(env: BuildEnvironment, names: tuple[str, ...]) -> list[Subject]:
    """Return the scripts that refer to one of the names."""
    scripts = (s for s in proof_of(env).found.subjects if s.kind == "script")
    return [script for script in scripts if set(names) & set(script.names)]


@contextmanager
def keep_worker(worker: Worker) -> Iterator[None]:
    """Use one worker for all builds of this process within the block."""
    token = _worker.set(worker)
    try:
        yield
    finally:
        _worker.reset(token)


def _prove(app: Sphinx) -> None:
    root = Path(app.srcdir, app.config.torchproof_root).resolve()
    cache = Path(app.srcdir, app.config.torchproof_cache).resolve()
    try:
        proof = prove(
            find_in_tree(root, cache=cache / "found.json"),
            root=root,
            verified=Path(app.srcdir, "verified"),
            cache=cache,
            worker=_worker.get(),
            announce=lambda message: logger.info("torchproof: %s", message),
        )
        names = {name for s in proof.found.subjects if s.kind == "entry" for name in s.names}
        descriptions = Descriptions.load(names, cache=cache)
    except WorkerError as error:
        raise ExtensionError(str(error), modname="torchproof") from None
    order, misplaced = read_order(Path(app.srcdir, ORDER), proof.found, root=root)
    faults = read_recorded(Path(app.srcdir, "mutants"))
    proof_domain(app.env).site = Site(root, proof, descriptions, order, faults)
    for problem in proof.problems:
        path = Path(problem.file)
        location = f"{path if path.is_absolute() else root / path}:{problem.line}"
        warn(Kind.EXAMPLE, problem.message, location=location)
    for problem in misplaced:
        warn(Kind.ORDER, problem.message, location=f"{root / problem.file}:{problem.line}")
    for problem in faults.problems:
        warn(Kind.FAULT, problem.message, location=f"{problem.file}:{problem.line}")


def setup(app: Sphinx) -> None:
    """Register the step and its settings."""
    app.add_config_value("torchproof_root", "..", "env", types=frozenset({str}))
    app.add_config_value("torchproof_cache", "_build/torchproof", "", types=frozenset({str}))
    # Before sphinx-gallery, whose scripts run in this process and leave torch's threads behind.
    app.connect("builder-inited", _prove, priority=5)
