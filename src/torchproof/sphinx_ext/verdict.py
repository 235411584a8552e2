"""The verdict of a subject in words: where it was seen to hold, by device and release of torch."""

from __future__ import annotations

from docutils import nodes

from torchproof.marks import release_of, skip_reason
from torchproof.outcome import Status
from torchproof.proof import Proof
from torchproof.subjects import DEVICES, Subject

LABELS = {"cpu": "CPU", "cuda": "CUDA"}
MARKS: dict[Status, str] = {
    "passed": "✓",
    "failed": "✗",
    "timed-out": "timed out",
    "crashed": "crashed",
    "skipped": "skipped",
}


def verdict_paragraph(subject: Subject, proof: Proof) -> nodes.paragraph:
    """Return the line under a signature: on which devices, with which torch, with what result."""
    line = nodes.paragraph(classes=["verdict"])
    verdicts = proof.verdicts(subject)
    if not verdicts:
        line += nodes.inline("", "not checked yet as it stands now", classes=["verdict-none"])
        return line
    for number, device in enumerate(DEVICES):
        line += nodes.Text(" · " if number else "checked: ")
        line += _device(subject, device, proof)
    pythons = sorted({e.python for e in verdicts}, key=release_of)
    examples = _count(len(subject.examples) or 1, "example")
    text = f"Python {', '.join(pythons)} · {examples}, {_count(subject.checked, 'comparison')}"
    line += nodes.inline("", text, classes=["verdict-count"])
    return line


def _device(subject: Subject, device: str, proof: Proof) -> nodes.inline:
    """Return what came of the subject on a device, the releases with one result together."""
    label = LABELS[device]
    if subject.only is not None and subject.only != device:
        reason = f"only on {subject.only}: {subject.because}"
        return nodes.inline("", f"{label} skipped ({reason})", classes=["verdict-skipped"])
    verdicts = proof.verdicts(subject)
    results: dict[tuple[Status | None, str], list[str]] = {}
    for environment in sorted(
        (r.environment for r in proof.records if r.environment.device == device),
        key=lambda e: release_of(e.torch),
    ):
        release = "{}.{}".format(*release_of(environment.torch))
        verdict = verdicts.get(environment)
        if verdict is not None:
            reason = verdict.reason if verdict.status == "skipped" else ""
            results.setdefault((verdict.status, reason), []).append(release)
        elif reason := skip_reason(subject, device, environment.torch) or "":
            results.setdefault(("skipped", reason), []).append(release)
        else:
            results.setdefault((None, ""), []).append(release)
    if not any(status for status, _ in results):
        return nodes.inline("", f"{label} not yet", classes=["verdict-none"])
    group = nodes.inline("", f"{label} ", classes=["verdict-device"])
    for number, ((status, reason), releases) in enumerate(sorted(results.items(), key=_order)):
        group += nodes.Text(", " if number else "")
        mark = MARKS[status] if status else "not yet as it stands now"
        text = f"{mark} torch {' '.join(releases)}{f' ({reason})' if reason else ''}"
        group += nodes.inline("", text, classes=[f"verdict-{status or 'none'}"])
    return group


def _order(result: tuple[tuple[Status | None, str], list[str]]) -> tuple[bool, str]:
    """Put what failed first: a line with one failure is no ✓."""
    status = result[0][0]
    return status in {"passed", "skipped", None}, str(status)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
