"""Count what passed, and in which environments."""

from __future__ import annotations

from dataclasses import dataclass

from torchproof.records.proof import Proof
from torchproof.running.environment import Environment


@dataclass(frozen=True)
class Counts:
    """Totals of the subjects whose current digest passed in some environment."""

    names: int
    """Public names that have an entry."""
    examples: int
    """`{doctest}` blocks, without set-up blocks."""
    outputs: int
    """Compared outputs and asserts, including those of scripts."""
    scripts: int
    environments: tuple[Environment, ...]
    """Environments in which something passed, sorted by id."""


def count(proof: Proof) -> Counts:
    """Count the subjects that pass."""
    passed = [
        (subject, [e for e, verdict in verdicts.items() if verdict.status == "passed"])
        for subject, verdicts in ((s, proof.verdicts(s)) for s in proof.found.subjects)
    ]
    holding = [subject for subject, environments in passed if environments]
    entries = [subject for subject in holding if subject.kind == "entry"]
    places = {e.id: e for _, environments in passed for e in environments}
    return Counts(
        names=len({name for subject in entries for name in subject.names}),
        examples=sum(len(subject.examples) for subject in entries),
        outputs=sum(subject.checked for subject in holding),
        scripts=len(holding) - len(entries),
        environments=tuple(places[key] for key in sorted(places)),
    )
