"""`examples.json` in the built site: every subject with its outcomes in each environment."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders.html import StandaloneHTMLBuilder

from torchproof.files import write_atomically
from torchproof.finding.subjects import Marks, Subject
from torchproof.records.proof import Proof
from torchproof.sphinx_ext.proving import proof_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCHEMA = 2


def examples_data(proof: Proof) -> dict[str, Any]:
    """Return the content of examples.json; the schema is in examples.schema.json."""
    return {
        "schema": SCHEMA,
        "environments": {r.environment.id: r.environment.to_json() for r in proof.records},
        "subjects": [_subject(subject, proof) for subject in proof.found.subjects],
    }


def _subject(subject: Subject, proof: Proof) -> dict[str, Any]:
    verdicts = {e.id: verdict.status for e, verdict in proof.verdicts(subject).items()}
    return {
        "id": subject.id,
        "kind": subject.kind,
        "file": subject.file,
        "line": subject.line,
        "names": list(subject.names),
        "examples": len(subject.examples) if subject.kind == "entry" else 1,
        "checked": subject.checked,
        "digest": subject.digest,
        **({"marks": marks} if (marks := _marks(subject)) else {}),
        "outcomes": dict(sorted(verdicts.items())),
    }


def _marks(subject: Subject) -> list[dict[str, str | int]]:
    """Return what holds with some versions only: the subject, or examples by line."""
    places: list[tuple[int, Marks, str]] = [(subject.line, subject.marks, subject.title)]
    places += [(e.line, e.marks, e.change) for e in subject.examples]
    return [
        {"line": line, **asdict(marks), "change": change} for line, marks, change in places if marks
    ]


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and isinstance(app.builder, StandaloneHTMLBuilder):
        data = json.dumps(examples_data(proof_of(app.env)), indent=1) + "\n"
        write_atomically(Path(app.outdir, "examples.json"), data)


def setup(app: Sphinx) -> None:
    """Write the file when the site stands."""
    app.connect("build-finished", _write)
