"""Divide a GPU's memory among the processes that use it at the same time."""

from __future__ import annotations

import os

from torchproof.finding.marks import release_of
from torchproof.running.environment import torch_version

VARIABLE = "PYTORCH_CUDA_ALLOC_CONF"
FIRST = (2, 10)
"""The first release of torch whose allocator reads a memory fraction from the environment."""
_SHARED = 0.9
"""Fraction to divide; the rest is for the CUDA context of each process."""


def share_memory(processes: int) -> None:
    """Limit each process to an equal share of the GPU's memory, beyond which torch raises.

    An existing setting is kept. No device is touched.
    """
    if VARIABLE not in os.environ and release_of(torch_version()) >= FIRST:
        os.environ[VARIABLE] = f"per_process_memory_fraction:{_SHARED / processes:.4f}"
