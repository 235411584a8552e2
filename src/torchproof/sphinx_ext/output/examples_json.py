"""Write `examples.json` into the site: every subject with its outcomes in each environment.

Its JSON Schema, src/torchproof/examples.schema.json, is the output of `schema`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from sphinx.builders.html import StandaloneHTMLBuilder

from torchproof.files import write_atomically
from torchproof.finding.subjects import Marks, Subject
from torchproof.records.proof import Proof
from torchproof.running.environment import Environment
from torchproof.running.outcome import Status
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.statement_counts import counts_of_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCHEMA: Final = 3
_Count = Annotated[int, Meta(ge=1)]
_Number = Annotated[int, Meta(ge=0)]
_Release = Annotated[str, Meta(pattern=r"^([0-9]+\.[0-9]+)?$")]
_Text = Annotated[str, Meta(min_length=1)]


class MarkedPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A subject or example that holds with some versions only."""

    line: _Count
    since: _Release
    until: _Release
    python: Annotated[str, Meta(pattern=r"^(<?3\.[0-9]+)?$")]
    change: _Text


class SubjectData(Struct, frozen=True, forbid_unknown_fields=True):
    """A subject and the outcomes for its current digest."""

    id: _Text
    kind: Literal["entry", "script"]
    file: str
    line: _Count
    names: tuple[str, ...]
    examples: _Count
    checked: _Count
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{20}$")]
    outcomes: dict[str, Status]
    """Statuses by the id of the environment."""
    marks: Annotated[tuple[MarkedPart, ...], Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET


class PageData(Struct, frozen=True, forbid_unknown_fields=True):
    """How the statements of a page stand, in numbers of paragraphs, rows and list items."""

    proven: _Number
    """A block that runs follows them."""
    linked: _Number
    """They point to where they are proven."""
    reported: _Number
    """They cannot be run; their source is named."""
    explained: _Number
    """They claim nothing."""


class ExamplesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of examples.json."""

    schema: Literal[3]
    environments: dict[str, Environment]
    subjects: tuple[SubjectData, ...]
    statements: dict[str, PageData]
    """By page, without the suffix of its file."""


def examples_file(proof: Proof, statements: Mapping[str, Mapping[str, int]]) -> ExamplesFile:
    """Return the content of examples.json."""
    environments = {record.environment.id: record.environment for record in proof.records}
    subjects = tuple(_subject(subject, proof) for subject in proof.found.subjects)
    pages = {page: PageData(**numbers) for page, numbers in sorted(statements.items())}
    return ExamplesFile(SCHEMA, environments, subjects, pages)


def schema() -> str:
    """Return the JSON Schema of examples.json, generated from the types above."""
    generated = msgspec.json.schema(ExamplesFile)
    data = {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}
    return json.dumps(data, indent=2) + "\n"


def _subject(subject: Subject, proof: Proof) -> SubjectData:
    verdicts = {e.id: verdict.status for e, verdict in proof.verdicts(subject).items()}
    return SubjectData(
        id=subject.id,
        kind=subject.kind,
        file=subject.file,
        line=subject.line,
        names=subject.names,
        examples=len(subject.examples) if subject.kind == "entry" else 1,
        checked=subject.checked,
        digest=subject.digest,
        outcomes=dict(sorted(verdicts.items())),
        marks=_marks(subject) or msgspec.UNSET,
    )


def _marks(subject: Subject) -> tuple[MarkedPart, ...]:
    places: list[tuple[int, Marks, str]] = [(subject.line, subject.marks, subject.title)]
    places += [(e.line, e.marks, e.change) for e in subject.examples]
    return tuple(
        MarkedPart(line, marks.since, marks.until, marks.python, change)
        for line, marks, change in places
        if marks
    )


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and isinstance(app.builder, StandaloneHTMLBuilder):
        content = examples_file(proof_of(app.env), counts_of_pages(app.env))
        data = msgspec.json.format(msgspec.json.encode(content), indent=1)
        write_atomically(Path(app.outdir, "examples.json"), data + b"\n")


def setup(app: Sphinx) -> None:
    """Write the file after the build."""
    app.connect("build-finished", _write)
