"""How much of the site was seen to hold, and where."""

from __future__ import annotations

from dataclasses import dataclass

from torchproof.records.proof import Proof
from torchproof.running.environment import Environment


@dataclass(frozen=True)
class Counts:
    """What passed in some environment as it stands now; nothing else is counted."""

    names: int
    """Public names that have an entry."""
    examples: int
    """`{doctest}` blocks, without those that set a page up."""
    outputs: int
    """Outputs and asserts that are compared, those of the scripts included."""
    scripts: int
    environments: tuple[Environment, ...]
    """Where something passed, in the order of their ids."""


def count(proof: Proof) -> Counts:
    """Count the subjects that hold."""
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
