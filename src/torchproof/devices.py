"""The devices that subjects run on, and what torch prints differently on each."""

from __future__ import annotations

import re
from dataclasses import dataclass

ANY_ACCELERATOR = "accelerator"
"""In `:only:`, any device but the CPU."""
SIMULATED = "sim"
"""The device of `torchproof.accelerator`, available wherever it can be compiled."""


@dataclass(frozen=True)
class Device:
    """One type of torch.device."""

    name: str
    """Name in `torch.device(name)`."""
    label: str
    """Name for readers."""
    type_names: tuple[str, ...] = ()
    """Patterns of the device's tensor types in torch's messages; group 1 is the data type."""

    def as_on_cpu(self, text: str) -> str:
        """Convert output of torch on this device to its output on the CPU.

        `, device='cuda:0'` is removed, and `torch.cuda.FloatTensor` becomes `torch.FloatTensor`.
        """
        if self.name == "cpu":
            return text
        text = re.sub(rf",\s+device='{re.escape(self.name)}(?::0)?'", "", text)
        for pattern in self.type_names:
            text = re.sub(pattern, r"torch.\1Tensor", text)
        return text


DEVICES = {
    device.name: device
    for device in (
        Device("cpu", "CPU"),
        Device("cuda", "CUDA", (r"\btorch\.cuda\.(\w+)Tensor\b",)),
        Device("mps", "MPS", (r"\btorch\.mps\.(\w+)Tensor\b", r"\bMPS(\w+)Type\b")),
        Device("xpu", "XPU", (r"\btorch\.xpu\.(\w+)Tensor\b",)),
        Device(
            SIMULATED,
            "simulated accelerator",
            (r"\btorch\.sim\.(\w+)Tensor\b", r"\bsim([A-Z]\w*)Type\b"),
        ),
    )
}
"""The known devices by name: the CPU, accelerators of `torch.accelerator`, the simulated one."""
KNOWN = ", ".join(DEVICES)


def runs_on(only: str | None, device: str) -> bool:
    """Return whether a subject with this `:only:` (None for any device) runs on a device."""
    if only == ANY_ACCELERATOR:
        return device != "cpu"
    return only in (None, device)
