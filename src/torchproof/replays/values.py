"""Tensors as text: numbers where they are few, else shape, norm, smallest and largest value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FEW = 9
"""Numbers that are shown one by one."""
_ARGUMENTS = re.compile(r",\s*(?:dtype|device|grad_fn|requires_grad|layout)=[^,()]*(?:<[^>]*>)?")


def text_of(value: object) -> str | None:
    """Return a tensor as torch prints it, without `tensor(...)`; None for anything else."""
    import torch

    if not isinstance(value, torch.Tensor):
        return None
    with torch.no_grad():
        try:
            return _numbers(value.detach())
        except (RuntimeError, NotImplementedError, TypeError):
            # A meta tensor, and one inside a transform of torch.func, have no numbers to read.
            return f"a tensor of shape {shape_of(value)}"


def shape_of(value: Tensor) -> str:
    """Return a shape as torch's users write it."""
    return str(tuple(value.shape))


def exact(value: object) -> str:
    """Return text that is equal only for tensors with the same numbers."""
    import torch

    if not isinstance(value, torch.Tensor):
        return repr(value)
    with torch.no_grad():
        try:
            dense = value.detach().to_dense() if value.layout != torch.strided else value.detach()
            return f"{tuple(dense.shape)} {dense.dtype} {dense.tolist()}"
        except (RuntimeError, NotImplementedError, TypeError):
            return f"{tuple(value.shape)} {value.dtype}"


def _numbers(value: Tensor) -> str:
    import torch

    if value.layout != torch.strided:
        return f"a {str(value.layout).removeprefix('torch.')} tensor of shape {shape_of(value)}"
    if value.numel() <= FEW:
        printed = _ARGUMENTS.sub("", " ".join(repr(value.cpu()).split()))
        return printed[printed.index("(") + 1 : -1] if value.numel() else f"shape {shape_of(value)}"
    if value.is_complex():
        return f"shape {shape_of(value)}, norm {_number(value.norm())}"
    numbers = value.to(torch.float64)
    ends = f"from {_number(numbers.min())} to {_number(numbers.max())}"
    return f"shape {shape_of(value)}, norm {_number(numbers.norm())}, {ends}"


def _number(value: Tensor) -> str:
    return f"{value.item():.4g}"
