"""The data of a build that is complete before the first page is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torchproof.api.descriptions import Descriptions
from torchproof.finding.reading_order import ReadingOrder
from torchproof.mutants.recorded import Recorded
from torchproof.records.proof import Proof
from torchproof.replays.kinds import Recording


@dataclass(frozen=True)
class Site:
    """The tree that is being built: its root, its proof and its reading order."""

    root: Path
    """Folder that the paths of subjects are relative to."""
    proof: Proof
    descriptions: Descriptions
    """Introspection results by name."""
    order: ReadingOrder
    """Reading order of the scripts."""
    faults: Recorded = field(default_factory=Recorded)
    """Results of planted faults."""
    replays: Mapping[str, Recording] = field(default_factory=dict)
    """Replays of graphs and traces, by subject id."""
