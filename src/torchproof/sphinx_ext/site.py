"""What a build knows of its tree before it reads the first page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torchproof.api.descriptions import Descriptions
from torchproof.finding.reading_order import ReadingOrder
from torchproof.records.proof import Proof


@dataclass(frozen=True)
class Site:
    """The tree that is being built: where it lies, what it proves, in which order it is read."""

    root: Path
    """Folder that the files of subjects are relative to."""
    proof: Proof
    descriptions: Descriptions
    """What introspection says of names."""
    order: ReadingOrder
    """Reading order of the scripts."""
