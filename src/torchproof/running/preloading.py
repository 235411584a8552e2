"""What a fork server imports before its forks, and what to do where that fails."""

from __future__ import annotations

from collections.abc import Iterable

from torchproof.finding.subjects import Subject

EXTRA = ("torch._subclasses.schema_check_mode", "torch.profiler._cupti_monitor")
"""Modules that torch imports when it first prints a tensor, and steps an optimizer.

They are not public: where they are missing, a subject imports what has taken their place.
"""


def preloads(subjects: Iterable[Subject]) -> list[str]:
    """Return the modules that are worth importing once, before the forks.

    Optimizers import torch._dynamo on their first use, which takes longer than most subjects. With
    no subjects it is torch; with those that do not speak of torch, its version is checked only.
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
    """Return what a reader can do about an error that kept torch from being imported."""
    if "No module named 'torch'" in error:
        return "torch is not installed; run `python -m pip install torch` or `tox -e doctest`"
    return error.removeprefix("RuntimeError: ")
