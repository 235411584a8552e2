"""Links from a name to its source and to its official documentation."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import re
from typing import Any

_FUNCTION_PAGES = frozenset({"forward", "backward", "jvp", "vmap"})
_CONTEXT_PAGES = frozenset(
    {"mark_dirty", "mark_non_differentiable", "save_for_backward", "set_materialize_grads"}
)
# Names that amp.md, autograd.md, future_mod.md, library.md and optim.md of PyTorch document without
# a page of their own.
_IN_PLACE = {
    "amp": r"torch\.autocast|torch\.amp\.custom_[bf]wd",
    "autograd": r"torch\.autograd\.(Function|function\.Function(Ctx|Meta)|(set_)?detect_anomaly"
    r"|graph\.(?!Node|increment_version)\w+)",
    "future_mod": r"torch\.__future__\.\w+",
    "library": r"torch\.library\.\w+",
    "optim": r"torch\.optim\.Optimizer",
}


def source_url(file: str, line: int | None) -> str:
    """Return the URL of a source line in the repository, at the installed version."""
    package = file.partition("/")[0]
    anchor = f"#L{line}" if line else ""
    if package == "visdom":
        version = _version("visdom")
        return f"https://github.com/fossasia/visdom/blob/v{version}/py/{file}{anchor}"
    import torch

    version = torch.__version__.partition("+")[0]
    commit = f"v{version}" if _released(version) else torch.version.git_version
    return f"https://github.com/pytorch/pytorch/blob/{commit}/{file}{anchor}"


def upstream_url(qualified: str, value: Any) -> str:
    """Return the URL of the name in the official documentation, or of the nearest page."""
    if qualified.startswith("visdom"):
        member = qualified.removeprefix("visdom.Visdom").removeprefix(".")
        anchor = f"vis{member}" if member in _visdom_headings() else "api"
        return f"https://github.com/fossasia/visdom#{anchor}"
    version = _version("torch").partition("+")[0]
    edition = ".".join(version.split(".")[:2]) if _released(version) else "main"
    return f"https://docs.pytorch.org/docs/{edition}/{_page(qualified, value)}"


@functools.cache
def _visdom_headings() -> frozenset[str]:
    """Return the methods that have a section in the README of the package."""
    text = importlib.metadata.distribution("visdom").read_text("METADATA") or ""
    return frozenset(re.findall(r"^#+ vis\.(\w+)", text, re.MULTILINE))


# Each call reads the whole metadata of the package.
_version = functools.cache(importlib.metadata.version)


def _released(version: str) -> bool:
    return re.fullmatch(r"\d+\.\d+\.\d+", version) is not None


def _page(qualified: str, value: Any) -> str:
    owner, _, member = qualified.rpartition(".")
    if qualified.startswith("torch.amp.GradScaler"):
        return "amp.html#gradient-scaling"
    if owner == "torch.nn.Module":
        anchor = "" if member.startswith("_") else f"#{qualified}"
        return f"generated/torch.nn.Module.html{anchor}"
    for page, pattern in _IN_PLACE.items():
        if re.fullmatch(pattern, qualified):
            return f"{page}.html#{qualified}"
    private = member.startswith("_")
    if owner == "torch.Tensor" and (private or not value.__doc__ or member == "grad_dtype"):
        return "tensors.html"
    if owner == "torch.optim.Optimizer" and (private or not inspect.isroutine(value)):
        return "optim.html#torch.optim.Optimizer"
    if not qualified.startswith("torch.autograd."):
        return f"generated/{qualified}.html"
    if owner == "torch.autograd.Function" and member in _CONTEXT_PAGES:
        return f"generated/torch.autograd.function.FunctionCtx.{member}.html"
    without = owner == "torch.autograd.Function" and member not in _FUNCTION_PAGES
    if without or private or member in ("variable", "Node"):
        return "autograd.html"
    if getattr(value, "__qualname__", "") == member:
        # A page is named after the defining module: grad_mode.set_..., gradcheck.gradcheck.
        owner = value.__module__
    return f"generated/{owner}.{member}.html"
