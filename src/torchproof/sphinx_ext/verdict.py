"""The verdict of a subject in words: where it was seen to hold."""

from __future__ import annotations

from docutils import nodes

from torchproof.proof import Proof
from torchproof.subjects import DEVICES, Subject

_LABELS = {"cpu": "CPU", "cuda": "CUDA"}
_MARKS = {"passed": "✓", "failed": "✗", "timed-out": "timed out", "crashed": "crashed"}


def verdict_paragraph(subject: Subject, proof: Proof) -> nodes.paragraph:
    """Return the line under a signature: checked with which torch, on which device."""
    line = nodes.paragraph(classes=["verdict"])
    verdicts = proof.verdicts(subject)
    versions = sorted({e.torch for e in verdicts}, key=_version, reverse=True)
    if not versions:
        line += nodes.inline("", "not checked yet as it stands now", classes=["verdict-none"])
        return line
    line += nodes.Text("checked: ")
    for number, version in enumerate(versions):
        line += nodes.Text("; " if number else "")
        line += nodes.Text(f"torch {version}, ")
        for position, device in enumerate(DEVICES):
            line += nodes.Text(" · " if position else "")
            line += _device(subject, device, {e: v for e, v in verdicts.items() if e.torch == version})
    counted = [v for v in verdicts.values() if v.status == "passed"]
    if counted:
        line += nodes.inline(
            "", f" {_count(len(subject.examples), 'example')}, "
            f"{_count(counted[-1].checked, 'comparison')}", classes=["verdict-count"],
        )
    return line


def _device(subject: Subject, device: str, verdicts: dict) -> nodes.inline:  # type: ignore[type-arg]
    label = _LABELS[device]
    found = [(e, v) for e, v in verdicts.items() if e.device == device]
    reason = subject.skip_reason(device)
    if reason is not None:
        return nodes.inline("", f"{label} skipped ({reason})", classes=["verdict-skipped"])
    if not found:
        return nodes.inline("", f"{label} not yet", classes=["verdict-none"])
    statuses = sorted({v.status for _, v in found}, key=lambda s: s == "passed")
    status = statuses[0]
    name = f" {found[0][0].device_name}" if device != "cpu" else ""
    return nodes.inline("", f"{label}{name} {_MARKS.get(status, status)}", classes=[f"verdict-{status}"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _version(text: str) -> list[int]:
    return [int(part) for part in text.split(".") if part.isdigit()]
