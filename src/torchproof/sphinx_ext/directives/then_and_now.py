"""The `{then-and-now}` directive: a table from a data file, each row with its proof."""

from __future__ import annotations

import html
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.finding.subjects import Subject
from torchproof.finding.then_and_now import VERDICTS, Row, read_rows
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.directives.tables import facet, filters, row, subject_link, table
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.translation import say
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ID = "then-and-now-rows"


class ThenAndNowDirective(SphinxDirective):
    """Show the counts of the verdicts, then a row for each item."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return counts, filters and table; the argument is the data file, relative to the page."""
        depend_on(self.env, _fingerprint)
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        proof = proof_of(self.env)
        subjects = {subject.id: subject for subject in proof.found.subjects}
        holding = {key for key, subject in subjects.items() if proof.holds(subject)}
        rows, problems = read_rows(Path(path), holding=holding, known=subjects)
        for problem in problems:
            warn(Kind.EXAMPLE, problem.message, location=f"{problem.file}:{problem.line}")
        topics = {nodes.make_id(item.topic): item.topic for item in rows}
        verdicts = {
            nodes.make_id(key): label
            for key, label in _labels().items()
            if any(item.verdict == key for item in rows)
        }
        facets = {"verdict": (say("Verdict"), verdicts), "topic": (say("Topic"), topics)}
        return [
            _counts(rows),
            filters(ID, facets),
            table(
                ["", say("the note of 2019"), say("today")],
                [self._row(item, subjects[item.subject]) for item in rows],
                classes=["then-and-now"],
                name=ID,
            ),
        ]

    def _row(self, item: Row, subject: Subject) -> nodes.row:
        verdict = nodes.make_id(item.verdict)
        said = nodes.container(classes=["said"])
        if item.then:
            # Raw HTML: in a node with a language, Sphinx would apply that language's smart quotes.
            quoted = f'<p class="zh" lang="zh-Hans">{html.escape(item.then_zh)}</p>'
            said += nodes.raw("", quoted, format="html")
            said += nodes.paragraph("", "", *self._inline(item.then))
        else:
            said += nodes.paragraph("", say("says nothing of this"), classes=["nothing"])
        badge = nodes.inline("", _labels()[item.verdict], classes=_badge(item.verdict))
        now = nodes.container(classes=["now"])
        now += nodes.paragraph("", "", badge, nodes.Text(" "), *self._inline(item.now))
        proof = subject_link(self.env.docname, subject, _place(subject))
        now += nodes.paragraph("", "", nodes.Text(say("Proof: ")), proof, classes=["proof"])
        number = nodes.target("", item.id, ids=[f"item-{item.id.lower()}"])
        classes = [facet("verdict", verdict), facet("topic", nodes.make_id(item.topic))]
        return row([number, said, now], classes=classes)

    def _inline(self, text: str) -> list[nodes.Node]:
        inline, messages = self.parse_inline(text)
        return [*inline, *messages]


def _place(subject: Subject) -> str:
    return subject.title if subject.kind == "entry" else say("script “%s”") % subject.title


def _counts(rows: list[Row]) -> nodes.Node:
    counted = Counter(row.verdict for row in rows)
    line = nodes.paragraph(classes=["verdict-counts"])
    for key, label in _labels().items():
        if counted[key]:
            line += nodes.inline("", f"{counted[key]} {label}", classes=_badge(key))
            line += nodes.Text(" ")
    return line


def _labels() -> dict[str, str]:
    """Return the labels of the verdicts, in the order of the counts."""
    labels = {
        "holds": say("holds"),
        "caveat": say("holds with a caveat"),
        "no longer": say("no longer true"),
        "never": say("was never true"),
        "unverifiable": say("cannot be checked"),
        "missing": say("not in the note"),
    }
    assert labels.keys() == set(VERDICTS)
    return labels


def _badge(verdict: str) -> list[str]:
    return ["badge", f"badge-{nodes.make_id(verdict)}"]


def _fingerprint(env: BuildEnvironment, _: str) -> str:
    """Return the possible proofs of rows and whether each holds; a failed one is a warning."""
    proof = proof_of(env)
    return str([(s.id, s.kind, s.title, proof.holds(s)) for s in proof.found.subjects])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("then-and-now", ThenAndNowDirective)
