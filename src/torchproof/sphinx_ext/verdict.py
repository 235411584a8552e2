"""The verdict of a subject in words: where it was seen to hold."""

from __future__ import annotations

from docutils import nodes

from torchproof.environment import Environment
from torchproof.proof import Proof
from torchproof.record import Verdict
from torchproof.sphinx_ext.wording import counted, say
from torchproof.subjects import DEVICES, Subject

_LABELS = {"cpu": "CPU", "cuda": "CUDA"}


def verdict_paragraph(subject: Subject, proof: Proof) -> nodes.paragraph:
    """Return the line under a signature: checked with which torch, on which device."""
    line = nodes.paragraph(classes=["verdict"])
    verdicts = proof.verdicts(subject)
    versions = sorted({e.torch for e in verdicts}, key=_version, reverse=True)
    if not versions:
        line += nodes.inline("", say("not checked yet as it stands now"), classes=["verdict-none"])
        return line
    line += nodes.Text(say("checked: "))
    for number, version in enumerate(versions):
        line += nodes.Text(say("; ") if number else "")
        line += nodes.Text(say("torch %s, ") % version)
        seen = [(e, v) for e, v in verdicts.items() if e.torch == version]
        for position, device in enumerate(DEVICES):
            line += nodes.Text(" · " if position else "")
            line += _device(subject, device, [(e, v) for e, v in seen if e.device == device])
    examples = counted("%d example", "%d examples", len(subject.examples) or 1)
    comparisons = counted("%d comparison", "%d comparisons", subject.checked)
    text = say("%(examples)s, %(comparisons)s")
    text %= {"examples": examples, "comparisons": comparisons}
    line += nodes.inline("", text, classes=["verdict-count"])
    return line


def _device(subject: Subject, device: str, seen: list[tuple[Environment, Verdict]]) -> nodes.inline:
    label = _LABELS[device]
    if subject.skip_reason(device) is not None:
        text = say("%(device)s skipped (only on %(only)s: %(because)s)") % {
            "device": label,
            "only": subject.only,
            "because": subject.because,
        }
        return nodes.inline("", text, classes=["verdict-skipped"])
    if not seen:
        return nodes.inline("", say("%s not yet") % label, classes=["verdict-none"])
    # The worst is told first: a table with one failure is no ✓.
    environment, verdict = min(seen, key=lambda pair: pair[1].status == "passed")
    name = "" if device == "cpu" else f" ({environment.device_name})"
    marks = {
        "passed": "✓",
        "failed": "✗",
        "timed-out": say("timed out"),
        "crashed": say("crashed"),
    }
    text = f"{label}{name} {marks.get(verdict.status, verdict.status)}"
    return nodes.inline("", text, classes=[f"verdict-{verdict.status}"])


def _version(text: str) -> list[int]:
    return [int(part) for part in text.split(".") if part.isdigit()]
