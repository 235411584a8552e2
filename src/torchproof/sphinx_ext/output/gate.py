"""The gate: warn of each name that must be documented but is not."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.records.documented import Coverage, cover
from torchproof.sphinx_ext.proving import descriptions_of, proof_of, root_of
from torchproof.sphinx_ext.warning_types import Kind, logger, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXEMPTIONS = "exemptions.toml"
TEMPLATE = "templates/entry.md"
SHOWN = 10
"""Undocumented names that a warning lists one by one, at most."""


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None:
        return
    path = Path(app.srcdir, EXEMPTIONS)
    exempt = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    coverage = cover(descriptions_of(app.env).names, proof_of(app.env), exempt=exempt)
    building = set(app.config.torchproof_construction)
    _print(coverage, building)
    for name, message in coverage.stale_exemptions.items():
        warn(Kind.GATE, f"{name}: {message}", location=str(path))
    for area, missing in coverage.missing.items():
        if missing and area not in building:
            warn(Kind.GATE, _say_missing(area, missing, coverage))
    for name, subject in coverage.unproven.items():
        warn(
            Kind.GATE,
            f"{name} is documented, but no example of it passed anywhere: give it one that runs "
            "on the CPU, or run `tox -e doctest -- --record` where it runs",
            location=f"{root_of(app.env) / subject.file}:{subject.line}",
        )


def _say_missing(area: str, missing: Sequence[str], coverage: Coverage) -> str:
    """Return the warning for names without an entry, with what to write where for each."""
    have = "name has" if len(missing) == 1 else "names have"
    lines = [f"{area}: {len(missing)} {have} no entry"]
    for name in missing[:SHOWN]:
        sibling = coverage.siblings.get(name)
        place = f"a page of docs/{area}"
        if sibling is not None:
            place = f"{coverage.pages[sibling]}, like its sibling {sibling}"
        lines.append(
            f"  {name}: add a section `## {name.rpartition('.')[2]}` with `{{entry}} {name}` "
            f"and a {{doctest}} block to {place}"
        )
    if len(missing) > SHOWN:
        lines.append(f"  and {len(missing) - SHOWN} more")
    lines.append(
        f"  {TEMPLATE} is an entry to copy from; a name that is to have none stands in "
        f"docs/{EXEMPTIONS} with the reason"
    )
    return "\n".join(lines)


def _print(coverage: Coverage, building: set[str]) -> None:
    for area, (done, total) in coverage.counts.items():
        note = " (under construction)" if area in building else ""
        logger.info("torchproof: %s: %d of %d names documented%s", area, done, total, note)


def setup(app: Sphinx) -> None:
    """Run the gate after the build."""
    app.add_config_value("torchproof_construction", [], "", types=frozenset({list, tuple}))
    app.connect("build-finished", _check)
