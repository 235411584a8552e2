"""Where a subject ran: versions of torch, Visdom and Python, and the device."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Environment:
    """One column of the compatibility table."""

    torch: str
    """Public version, such as 2.13.0."""
    build: str
    """Local version, such as cpu or cu130."""
    visdom: str
    python: str
    """Major and minor version."""
    platform: str
    device: str
    device_name: str

    @property
    def id(self) -> str:
        """Name of the environment, fit for a file."""
        parts = [f"torch{self.torch}", f"py{self.python}", self.platform, self.device]
        if self.device != "cpu":
            parts.append(re.sub(r"[^a-z0-9]+", "-", self.device_name.lower()).strip("-"))
        return "-".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the environment as plain JSON data."""
        return asdict(self)


def installed_devices() -> tuple[str, ...]:
    """Return the devices that torch can use here; touches CUDA, so never call it in a parent."""
    import torch

    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def describe_environment(device: str) -> Environment:
    """Describe this process's environment for a device; for the CPU without importing torch."""
    public, _, build = _version("torch").partition("+")
    name = platform.machine()
    if device == "cuda":
        import torch

        name = torch.cuda.get_device_name()
    return Environment(
        torch=public,
        build=build,
        visdom=_version("visdom"),
        python=".".join(platform.python_version_tuple()[:2]),
        platform=platform.system().lower(),
        device=device,
        device_name=name,
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
