"""The verdict of a subject in words: where it was seen to hold."""

from __future__ import annotations

from docutils import nodes

from torchproof.environment import Environment
from torchproof.proof import Proof
from torchproof.record import Verdict
from torchproof.subjects import DEVICES, Subject

LABELS = {"cpu": "CPU", "cuda": "CUDA"}
_MARKS = {"passed": "✓", "failed": "✗", "timed-out": "timed out", "crashed": "crashed"}


def verdict_paragraph(subject: Subject, proof: Proof) -> nodes.paragraph:
    """Return the line under a signature: checked with which torch, on which device."""
    line = nodes.paragraph(classes=["verdict"])
    verdicts = proof.verdicts(subject)
    versions = sorted({e.torch for e in verdicts}, key=version_key, reverse=True)
    if not versions:
        line += nodes.inline("", "not checked yet as it stands now", classes=["verdict-none"])
        return line
    line += nodes.Text("checked: ")
    for number, version in enumerate(versions):
        line += nodes.Text("; " if number else "")
        line += nodes.Text(f"torch {version}, ")
        seen = [(e, v) for e, v in verdicts.items() if e.torch == version]
        for position, device in enumerate(DEVICES):
            line += nodes.Text(" · " if position else "")
            line += _device(subject, device, [(e, v) for e, v in seen if e.device == device])
    examples = _count(len(subject.examples) or 1, "example")
    text = f"{examples}, {_count(subject.checked, 'comparison')}"
    line += nodes.inline("", text, classes=["verdict-count"])
    return line


def _device(subject: Subject, device: str, seen: list[tuple[Environment, Verdict]]) -> nodes.inline:
    label = LABELS[device]
    reason = subject.skip_reason(device)
    if reason is not None:
        return nodes.inline("", f"{label} skipped ({reason})", classes=["verdict-skipped"])
    if not seen:
        return nodes.inline("", f"{label} not yet", classes=["verdict-none"])
    # The worst is told first: a table with one failure is no ✓.
    environment, verdict = min(seen, key=lambda pair: pair[1].status == "passed")
    name = "" if device == "cpu" else f" ({environment.device_name})"
    text = f"{label}{name} {_MARKS.get(verdict.status, verdict.status)}"
    return nodes.inline("", text, classes=[f"verdict-{verdict.status}"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def version_key(text: str) -> list[int]:
    """Return what versions of torch are sorted by."""
    return [int(part) for part in text.split(".") if part.isdigit()]
