"""The vector instructions that torch uses on this CPU, queried once per machine.

Kernels for other instruction sets may differ in the last bits, so an environment names the
instruction set. Only torch knows which one it chose, and importing torch takes seconds. So the
value is kept in the user's cache folder, keyed by everything that it depends on.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from torchproof.cache_folder import cache_folder
from torchproof.files import write_atomically

OVERRIDE = "ATEN_CPU_CAPABILITY"
"""Environment variable that restricts torch to an older instruction set."""
_ASK = "import torch; print(torch.backends.cpu.get_cpu_capability())"
_LIMIT = 120.0
"""Seconds that importing torch from a cold disk may take."""


@functools.cache
def cpu_capability() -> str:
    """Return `torch.backends.cpu.get_cpu_capability()`; empty if torch is not installed.

    Imports torch in another process, and only if this process has not imported it and the cache
    has no value.
    """
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        return str(torch.backends.cpu.get_cpu_capability())
    path = cache_folder() / "cpu-capability.json"
    known = _read(path)
    key = _key()
    if not key:
        return ""
    if key not in known:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK], capture_output=True, text=True, timeout=_LIMIT
        )
        if asked.returncode:
            return ""
        known[key] = asked.stdout.strip()
        write_atomically(path, json.dumps(known, indent=1, sort_keys=True) + "\n")
    return known[key]


def _key() -> str:
    """Return the cache key: a digest of torch, the CPU and OVERRIDE; empty without torch."""
    try:
        torch = importlib.util.find_spec("torch")
    except ValueError:
        # find_spec raises this for a module in sys.modules without a __spec__.
        return ""
    if torch is None or torch.origin is None:
        return ""
    version = Path(torch.origin).with_name("version.py")
    parts = [
        torch.origin,
        version.read_text(encoding="utf-8") if version.exists() else "",
        os.environ.get(OVERRIDE, ""),
        platform.machine(),
        *_flags(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _flags() -> list[str]:
    """Return the feature flags of the first CPU in /proc/cpuinfo; its name without that file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return [platform.processor()]
    return [next((line for line in lines if line.lower().startswith(("flags", "features"))), "")]


def _read(path: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return dict(known)
    except (OSError, ValueError):
        # An unreadable cache is rebuilt.
        return {}
