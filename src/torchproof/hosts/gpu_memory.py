"""The memory of a GPU, shared by the processes that use it at the same time."""

from __future__ import annotations

import os

from torchproof.finding.marks import release_of
from torchproof.running.environment import torch_version

VARIABLE = "PYTORCH_CUDA_ALLOC_CONF"
FIRST = (2, 10)
"""The first release of torch whose allocator can be told so in its environment."""
_SHARED = 0.9
"""What is left is for the CUDA context of each process."""


def share_memory(processes: int) -> None:
    """Give each of some processes an equal share of the GPU's memory, beyond which torch raises.

    A setting that is there already stays. No device is touched.
    """
    if VARIABLE not in os.environ and release_of(torch_version()) >= FIRST:
        os.environ[VARIABLE] = f"per_process_memory_fraction:{_SHARED / processes:.4f}"
