"""The gate: the names that must be documented, less those that are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.coverage import Coverage, cover
from torchproof.sphinx_ext.problems import Kind, logger, warn
from torchproof.sphinx_ext.proving import descriptions_of, proof_of, root_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXEMPTIONS = "exemptions.toml"


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None:
        return
    path = Path(app.srcdir, EXEMPTIONS)
    exempt = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    coverage = cover(descriptions_of(app).names, proof_of(app), exempt=exempt)
    building = set(app.config.torchproof_construction)
    _print(coverage, building)
    for name, message in coverage.stale_exemptions.items():
        warn(Kind.GATE, f"{name}: {message}", location=str(path))
    for area, missing in coverage.missing.items():
        if missing and area not in building:
            warn(Kind.GATE, f"{area}: {len(missing)} names without an entry: {', '.join(missing)}")
    for name, subject in coverage.unproven.items():
        warn(
            Kind.GATE,
            f"{name} is documented, but no example of it passed anywhere",
            location=f"{root_of(app) / subject.file}:{subject.line}",
        )


def _print(coverage: Coverage, building: set[str]) -> None:
    for area, (done, total) in coverage.counts.items():
        note = " (under construction)" if area in building else ""
        logger.info("torchproof: %s: %d of %d names documented%s", area, done, total, note)


def setup(app: Sphinx) -> None:
    """Check when everything was read and proven."""
    app.add_config_value("torchproof_construction", [], "", types=frozenset({list, tuple}))
    app.connect("build-finished", _check)
