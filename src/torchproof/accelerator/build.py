"""Compile the simulated accelerator, once per torch build and compiler."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from torchproof.cache_folder import cache_folder, make_private

SOURCE = Path(__file__).with_name("source")
OLDEST = (2, 9)
"""The first release of torch that the source compiles with."""
# Optimizing would take longer than all computation that is ever done with it.
_FLAGS = ("-std=c++20", "-O0", "-w", "-fPIC", "-shared")
_SHOWN = 2000
"""Characters of the compiler's output to show."""


class NotBuilt(RuntimeError):
    """The simulated accelerator cannot be built here; the message gives the next step."""


def built(*, cache: Path | None = None) -> Path:
    """Return the shared library of the simulated accelerator; the first call compiles it.

    Compiling takes half a minute on one core; other processes wait for it on a lock. `cache` is the
    folder for the library. Raises `NotBuilt`.
    """
    import torch

    compiler = _compiler()
    check_release(torch.__version__)
    cache = make_private(cache or cache_folder())
    library = cache / f"accelerator-{_digest(compiler)}.so"
    if library.exists():
        return library
    with FileLock(library.with_suffix(".lock")):
        if not library.exists():
            with tempfile.TemporaryDirectory(prefix="partial-", dir=cache) as folder:
                _compile(compiler, Path(folder, library.name)).replace(library)
    return library


def _compiler() -> str:
    name = os.environ.get("CXX") or "c++"
    compiler = shutil.which(name)
    if compiler is None:
        raise NotBuilt(
            f"the simulated accelerator needs a C++ compiler, and there is no {name}: "
            "apt-get install g++, or set CXX to the one that you have"
        )
    return compiler


def check_release(version: str) -> None:
    """Raise `NotBuilt` for a torch release too old for the source."""
    major, minor = version.split(".")[:2]
    if (int(major), int(minor)) < OLDEST:
        raise NotBuilt(
            f"the simulated accelerator needs torch {OLDEST[0]}.{OLDEST[1]} or newer, "
            f"and this is {version}: take another torch or another device"
        )


def _digest(compiler: str) -> str:
    """Return the cache key of a build: a digest of source, flags, torch, Python and compiler."""
    import torch

    content = hashlib.sha256()
    for path in sorted(SOURCE.iterdir()):
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    version = subprocess.run([compiler, "--version"], capture_output=True, check=False).stdout
    # Builds of one release differ, and each environment has its own copy of torch.
    torch_build = (torch.__version__, torch.version.git_version, torch.__file__)
    for part in (*_FLAGS, *torch_build, sys.implementation.cache_tag, compiler):
        content.update(f"{part}\0".encode())
    return hashlib.sha256(content.digest() + version).hexdigest()[:16]


def _compile(compiler: str, library: Path) -> Path:
    """Compile the source to `library` and return it."""
    import torch

    home = Path(torch.__file__).parent
    includes = (home / "include", home / "include" / "torch" / "csrc" / "api" / "include")
    links = ("-Wl,-undefined,dynamic_lookup",) if sys.platform == "darwin" else ()
    command = [
        compiler,
        *_FLAGS,
        *(f"-I{folder}" for folder in includes),
        str(SOURCE / "sim.cpp"),
        "-o",
        str(library),
        f"-L{home / 'lib'}",
        *("-ltorch_cpu", "-lc10"),
        *links,
    ]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        said = done.stdout.strip()[:_SHOWN]
        raise NotBuilt(
            f"{compiler} cannot compile the simulated accelerator for torch {torch.__version__}; "
            f"set CXX to another compiler (g++ 11 or clang 14 at least), or report this:\n{said}"
        )
    return library
