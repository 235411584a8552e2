"""The `{matrix}` directive: verdicts by page and environment, with totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.devices import DEVICES
from torchproof.finding.marks import release_of
from torchproof.finding.subjects import Subject
from torchproof.records.environment_names import name_environment, release_name, telling_fields
from torchproof.records.proof import Proof
from torchproof.records.record import Verdict
from torchproof.running.environment import Environment
from torchproof.sphinx_ext.directives.tables import (
    docname_of,
    document_link,
    facet,
    filters,
    row,
    subject_link,
    table,
)
from torchproof.sphinx_ext.directives.verdict import sign_of
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.translation import say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_AREAS = {
    "nn-module": "nn.Module",
    "autograd": "autograd",
    "visdom": "Visdom",
    "about": "Torchproof",
}
ID = "matrix"


class MatrixDirective(SphinxDirective):
    """Show a table of environments, and one of pages and of subjects that are not all ✓."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the tables."""
        content = draw_matrix(self.env, self.env.docname, "")
        return [place(draw_matrix, content=content)]


def draw_matrix(env: BuildEnvironment, docname: str, _: str) -> list[nodes.Node]:
    """Return the tables and the filters."""
    proof = proof_of(env)
    records = sorted(
        (record.environment for record in proof.records),
        key=lambda e: (
            *(e.device != "cpu", e.device_name, release_of(e.torch)),
            *(release_of(e.python), e.id),
        ),
    )
    head = [say("page"), *(_label(environment, records) for environment in records)]
    rows = [_total(proof, records)]
    for page, subjects in _pages(proof).items():
        rows += _page(docname, page, subjects, proof, records)
    states = {"everywhere": say("holds everywhere"), "partly": say("not everywhere")}
    facets = {"area": (say("Area"), _AREAS), "result": (say("Result"), states)}
    return [
        _environments(proof, records),
        filters(ID, facets),
        table(head, rows, classes=["matrix"], name=ID),
    ]


def _total(proof: Proof, records: Sequence[Environment]) -> nodes.row:
    subjects = proof.found.subjects
    cells = [_count(subjects, proof, environment, total=True) for environment in records]
    return row([nodes.strong("", say("all")), *cells], classes=["matrix-total"])


def _page(
    docname: str,
    page: str,
    subjects: Sequence[Subject],
    proof: Proof,
    records: Sequence[Environment],
) -> Iterator[nodes.row]:
    """Yield the rows of a page and of its subjects that did not pass everywhere."""
    whole = all(
        (seen := proof.verdicts(s).get(e)) is not None and seen.status == "passed"
        for s in subjects
        for e in records
    )
    classes = [
        facet("area", _area(page)),
        facet("result", "everywhere" if whole else "partly"),
    ]
    cells = [_count(subjects, proof, environment) for environment in records]
    title = nodes.paragraph("", "", document_link(docname, page))
    title += nodes.inline("", f" {_AREAS[_area(page)]}", classes=["matrix-area"])
    yield row([title, *cells], classes=["matrix-page", *classes])
    for subject in subjects:
        verdicts = [proof.verdicts(subject).get(environment) for environment in records]
        if all(verdict and verdict.status == "passed" for verdict in verdicts):
            continue
        link = subject_link(docname, subject, subject.title)
        yield row([link, *map(_result, verdicts)], classes=["matrix-subject", *classes])


def _environments(proof: Proof, records: Sequence[Environment]) -> nodes.Node:
    counts = [say("passed"), say("failed"), say("skipped"), say("due")]
    head = ["torch", say("device"), "Python, Visdom", *counts]
    rows = []
    for environment in records:
        verdicts = [proof.verdicts(s).get(environment) for s in proof.found.subjects]
        states = [verdict.status if verdict else "due" for verdict in verdicts]
        build = f"+{environment.build}" if environment.build else ""
        passed, skipped, due = (states.count(s) for s in ("passed", "skipped", "due"))
        failed = len(states) - passed - skipped - due
        rows.append(
            row(
                [
                    f"{environment.torch}{build}",
                    f"{DEVICES[environment.device].label}, {_device(environment)}",
                    f"{environment.python}, {environment.visdom}",
                    *map(str, (passed, failed, skipped, due)),
                ]
            )
        )
    return table(head, rows, classes=["environments"])


def _pages(proof: Proof) -> dict[str, list[Subject]]:
    pages: dict[str, list[Subject]] = {}
    for subject in proof.found.subjects:
        docname = docname_of(subject)
        if subject.kind == "script":
            # The scripts of a folder share one row.
            docname = PurePosixPath(docname).with_name("index").as_posix()
        pages.setdefault(docname, []).append(subject)
    return pages


def _area(docname: str) -> str:
    part = docname.removeprefix("gallery/").partition("/")[0].replace("_", "-")
    return part if part in _AREAS else "about"


def _device(environment: Environment) -> str:
    name = environment.device_name or environment.capability
    return f"{environment.system} {environment.machine}, {name}"


def _label(environment: Environment, records: Sequence[Environment]) -> str:
    """Return the shortest column head that distinguishes the environment from the others."""
    release = release_name(environment.torch)
    device = "" if environment.device == "cpu" else DEVICES[environment.device].label
    alike = [
        record
        for record in records
        if (release_name(record.torch), record.device) == (release, environment.device)
    ]
    shown = [field for field in telling_fields(alike) if getattr(environment, field)]
    return " ".join(
        part for part in (release, device, name_environment(environment, shown)) if part
    )


def _count(
    subjects: Sequence[Subject], proof: Proof, environment: Environment, *, total: bool = False
) -> nodes.inline:
    """Return the number of subjects that pass; skipped ones do not count."""
    verdicts = [proof.verdicts(subject).get(environment) for subject in subjects]
    asked = [verdict for verdict in verdicts if verdict is None or verdict.status != "skipped"]
    passed = sum(1 for verdict in asked if verdict and verdict.status == "passed")
    state = "passed" if passed == len(asked) else "failed"
    if any(verdict is None for verdict in asked) and state == "failed":
        state = "none"
    text = say("%(shown)s of %(all)s") % {"shown": passed, "all": len(asked)}
    if state == "passed" and not total:
        text = "✓"
    return nodes.inline("", text, classes=[f"verdict-{state}"])


def _result(verdict: Verdict | None) -> nodes.inline:
    if verdict is None:
        return nodes.inline("", say("due"), classes=["verdict-none"])
    text = verdict.reason if verdict.status == "skipped" else sign_of(verdict.status)
    return nodes.inline("", text, classes=[f"verdict-{verdict.status}"])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("matrix", MatrixDirective)
