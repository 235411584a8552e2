"""The modules that a fork server imports before it forks, and the advice if that fails."""

from __future__ import annotations

from collections.abc import Iterable

from torchproof.finding.subjects import Subject

EXTRA = ("torch._subclasses.schema_check_mode", "torch.profiler._cupti_monitor")
"""Modules that torch imports when it first prints a tensor or steps an optimizer.

They are private. In a torch without them, subjects import their replacements themselves.
"""


def preloads(subjects: Iterable[Subject]) -> list[str]:
    """Return the modules worth importing once, before any fork.

    Optimizers import torch._dynamo on first use, which takes longer than most subjects. Without
    subjects, torch is imported; if no subject mentions torch, only its version is checked.
    """
    text = "\n".join(subject.text for subject in subjects)
    modules = ["torchproof.running.torch_range", "torchproof.running.child"]
    if "torch" in text or not text:
        modules.append("torch")
    if "optim." in text or "compile" in text:
        modules.append("torch._dynamo")
    if "matplotlib" in text:
        modules += ["matplotlib.pyplot", "matplotlib.backends.backend_agg"]
    if "import visdom" in text:
        modules += ["visdom", "visdom.server.app", "visdom.server.run_server"]
        modules += ["torchproof.visdom.client", "torchproof.visdom.server"]
    return modules


def explain(error: str) -> str:
    """Return the message for an error that prevented the import of torch, with the next step."""
    if "No module named 'torch'" in error:
        return "torch is not installed; run `python -m pip install torch` or `tox -e doctest`"
    return error.removeprefix("RuntimeError: ")
