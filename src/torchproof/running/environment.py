"""The environment of a run: everything that an outcome can depend on."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from torchproof.devices import DEVICES, SIMULATED
from torchproof.running.cpu_capability import cpu_capability

_ASSIGNED = re.compile(r"^__version__ = '([^']+)'", re.MULTILINE)


@dataclass(frozen=True)
class Environment:
    """One column of the compatibility table."""

    torch: str
    """Public version, such as 2.13.0."""
    build: str
    """Local version label, such as cpu or cu130."""
    visdom: str
    python: str
    """Major and minor version."""
    system: str
    """Operating system, such as linux."""
    machine: str
    """Architecture of the CPU, such as x86_64."""
    capability: str
    """Vector instruction set that torch uses on the CPU, such as AVX2; DEFAULT for none."""
    device: str
    device_name: str = ""
    """Model of an accelerator; empty for the CPU."""

    @property
    def id(self) -> str:
        """Name of the environment, usable as a file name."""
        build = f"+{self.build}" if self.build else ""
        parts = [
            f"torch{self.torch}{build}",
            f"visdom{self.visdom or '-none'}",
            f"py{self.python}",
            self.system,
            self.machine.lower(),
            _slug(self.capability),
            self.device,
            _slug(self.device_name),
        ]
        return "-".join(part for part in parts if part)


def installed_devices() -> tuple[str, ...]:
    """Return the CPU and the available accelerator, if it is one of DEVICES.

    This touches the accelerator, so never call it in a process that forks.
    """
    import torch

    found = torch.accelerator.current_accelerator(check_available=True)
    return ("cpu", found.type) if found is not None and found.type in DEVICES else ("cpu",)


def prepare_device(device: str) -> None:
    """Make a device usable in this process; raises NotBuilt if `sim` cannot be built."""
    if device == SIMULATED:
        from torchproof.accelerator.device import load

        load()


def describe_environment(device: str) -> Environment:
    """Return this process's environment for a device; for the CPU, without importing torch."""
    public, _, build = torch_version().partition("+")
    name = ""
    if device not in ("cpu", SIMULATED):
        import torch

        module = torch.get_device_module(device)
        name = module.get_device_name() if hasattr(module, "get_device_name") else ""
    return Environment(
        torch=public,
        build=build,
        visdom=_version("visdom"),
        python=".".join(platform.python_version_tuple()[:2]),
        system=platform.system().lower(),
        machine=platform.machine(),
        capability=cpu_capability(),
        device=device,
        device_name=name,
    )


def torch_version() -> str:
    """Return the installed version of torch with its local label; empty if not installed."""
    version = _version("torch")
    if "+" in version:
        return version
    # A wheel from PyPI has no local label in its metadata; torch/version.py has one.
    try:
        found = importlib.util.find_spec("torch")
        origin = found.origin if found else None
        text = Path(origin).with_name("version.py").read_text(encoding="utf-8") if origin else ""
    except (OSError, ValueError):
        return version
    assigned = _ASSIGNED.search(text)
    return assigned[1] if assigned and assigned[1].startswith(version) else version


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
