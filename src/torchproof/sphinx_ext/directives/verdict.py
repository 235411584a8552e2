"""Describe the verdicts of a subject, by device and release of torch."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from sphinx.environment import BuildEnvironment

from torchproof.devices import ANY_ACCELERATOR, DEVICES, runs_on
from torchproof.finding.marks import hold_on, release_of
from torchproof.finding.subjects import Subject
from torchproof.records.environment_names import name_environments, telling_fields
from torchproof.records.proof import Proof
from torchproof.running.environment import Environment
from torchproof.running.outcome import Status
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.translation import counted, say, say_marks

_NAMED = 2
"""Environments without a verdict that a line names; of more it gives the number."""


def draw_verdict(env: BuildEnvironment, _: str, subject_id: str) -> list[nodes.Node]:
    """Return the verdict line of a subject for its placeholder; nothing for a removed subject."""
    proof = proof_of(env)
    subject = next((s for s in proof.found.subjects if s.id == subject_id), None)
    return [verdict_paragraph(subject, proof)] if subject is not None else []


def verdict_paragraph(subject: Subject, proof: Proof) -> nodes.paragraph:
    """Return the line under a signature: results by device and torch release, and counts."""
    line = nodes.paragraph(classes=["verdict"])
    verdicts = proof.verdicts(subject)
    if not verdicts:
        line += nodes.inline("", say("not checked yet as it stands now"), classes=["verdict-none"])
        return line
    fields = telling_fields(record.environment for record in proof.records)
    for number, device in enumerate(_shown(proof)):
        line += nodes.Text(" · " if number else say("checked: "))
        line += _device(subject, device, proof, fields)
    pythons = ", ".join(sorted({e.python for e in verdicts}, key=release_of))
    python = "" if "python" in fields else f"Python {pythons} · "
    examples = counted("%d example", "%d examples", len(subject.examples) or 1)
    comparisons = counted("%d comparison", "%d comparisons", subject.checked)
    counts = say("%(examples)s, %(comparisons)s")
    counts %= {"examples": examples, "comparisons": comparisons}
    line += nodes.inline("", f"{python}{counts}", classes=["verdict-count"])
    return line


def _shown(proof: Proof) -> list[str]:
    """Return the devices of the line: CPU, CUDA, and those with a record."""
    recorded = {record.environment.device for record in proof.records}
    return [device for device in DEVICES if device in {"cpu", "cuda", *recorded}]


def sign_of(status: Status) -> str:
    """Return the sign or word for a status."""
    marks: dict[Status, str] = {
        "passed": "✓",
        "failed": "✗",
        "timed-out": say("timed out"),
        "crashed": say("crashed"),
        "skipped": say("skipped"),
    }
    return marks[status]


def _device(subject: Subject, device: str, proof: Proof, fields: Sequence[str]) -> nodes.inline:
    """Return the results of the subject on a device, environments grouped by result.

    An environment is named by its release of torch and by `fields`.
    """
    label = DEVICES[device].label
    if not runs_on(subject.only, device):
        text = say("%(device)s skipped (only on %(only)s: %(because)s)") % {
            "device": label,
            "only": _only(subject.only),
            "because": subject.because,
        }
        return nodes.inline("", text, classes=["verdict-skipped"])
    verdicts = proof.verdicts(subject)
    environments = [r.environment for r in proof.records if r.environment.device == device]
    results: dict[Status | None, list[Environment]] = {}
    for environment in sorted(environments, key=lambda e: (release_of(e.python), e.id)):
        verdict = verdicts.get(environment)
        status = verdict.status if verdict else None
        if not hold_on(subject.marks, environment):
            status = "skipped"
        results.setdefault(status, []).append(environment)
    if not any(results):
        return nodes.inline("", say("%s not yet") % label, classes=["verdict-none"])
    group = nodes.inline("", f"{label} ", classes=["verdict-device"])
    for number, status in enumerate(sorted(results, key=_order)):
        group += nodes.Text(", " if number else "")
        sign = sign_of(status) if status else say("not yet as it stands now")
        reason = f" ({say_marks(subject.marks)})" if status == "skipped" and subject.marks else ""
        text = f"{sign} torch {name_environments(results[status], fields)}{reason}"
        number_of = len(results[status])
        if status is None and number_of > _NAMED:
            text = counted(
                "not yet as it stands now in %d other environment",
                "not yet as it stands now in %d other environments",
                number_of,
            )
        group += nodes.inline("", text, classes=[f"verdict-{status or 'none'}"])
    return group


def _only(only: str | None) -> str:
    """Describe the device in `:only:`."""
    if only == ANY_ACCELERATOR or only is None:
        return say("an accelerator")
    return DEVICES[only].label


def _order(status: Status | None) -> tuple[int, str]:
    """Sort key that puts failures first, so that none is overlooked, and what is missing last."""
    ranks: dict[Status | None, int] = {"passed": 1, "skipped": 2, None: 3}
    return ranks.get(status, 0), str(status)
