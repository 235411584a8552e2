"""What our code takes from other libraries though no documentation promises it.

An upgrade that takes a part of it away fails in a test that names the library, its version, the
part and the file of ours, and not on seventy pages. `test_contracts.py` finds private names in our
code and asks that each of them has a contract.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "torchproof"


@dataclass(frozen=True)
class Contract:
    """A part of a library, where it is used, and a question whether it is as it is used."""

    package: str
    """Name of the distribution, or Python."""
    part: str
    files: tuple[str, ...]
    """Files that use it, below src/torchproof, or below the root if they begin with docs."""
    written: str
    """How these files write it: once none does, the contract can go."""
    holds: Callable[[], object]
    """Tries the part; what it returns is false, or it raises, where the part is another."""

    def __str__(self) -> str:
        """Return the part, as the id of a test."""
        return self.part


def check(contract: Contract) -> None:
    """Fail with one message if a contract does not hold, or if nothing needs it any more."""
    for file in contract.files:
        path = ROOT / file if file.startswith("docs/") else SOURCE / file
        assert contract.written in path.read_text(encoding="utf-8"), (
            f"{file} no longer has {contract.written!r}: take the contract on {contract.part} out"
        )
    try:
        held, why = bool(contract.holds()), "it is not what it was"
    except Exception as error:
        held, why = False, f"{type(error).__name__}: {error}"
    assert held, (
        f"{contract.package} {version(contract.package)} has another {contract.part} than "
        f"{' and '.join(contract.files)} take it for ({why})"
    )


def version(package: str) -> str:
    """Return the version of a distribution, or of Python."""
    return platform.python_version() if package == "Python" else importlib.metadata.version(package)
