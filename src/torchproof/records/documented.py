"""Compare the inventory with the entries that pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from torchproof.api.inventory import Name
from torchproof.finding.subjects import Subject
from torchproof.records.proof import Proof


@dataclass(frozen=True)
class Coverage:
    """Which names of the inventory have an entry."""

    counts: Mapping[str, tuple[int, int]]
    """Number of documented names and of all names, by area."""
    missing: Mapping[str, tuple[str, ...]]
    """Names without an entry, by area."""
    siblings: Mapping[str, str]
    """For names without an entry, the most similar documented name of the same owner."""
    pages: Mapping[str, str]
    """File of the entry of each documented name."""
    unproven: Mapping[str, Subject]
    """Names whose entry passed in no environment."""
    stale_exemptions: Mapping[str, str]
    """Exemptions that are unnecessary or give no reason."""


def cover(names: Iterable[Name], proof: Proof, *, exempt: Mapping[str, str]) -> Coverage:
    """Compare the inventory with the entries; `exempt` maps names to reasons."""
    entries = {n: s for s in proof.found.subjects if s.kind == "entry" for n in s.names}
    unproven = {name: s for name, s in sorted(entries.items()) if not proof.holds(s)}
    counts: dict[str, tuple[int, int]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    known = set()
    for name in names:
        known.add(name.qualified)
        if name.qualified in exempt:
            continue
        done, total = counts.get(name.area, (0, 0))
        documented = name.qualified in entries and name.qualified not in unproven
        counts[name.area] = (done + documented, total + 1)
        if name.qualified not in entries:
            missing[name.area] = (*missing.get(name.area, ()), name.qualified)
    stale = {}
    for exempted, reason in exempt.items():
        if exempted not in known:
            stale[exempted] = "exempt, but not a name of the inventory; remove the exemption"
        elif exempted in entries:
            stale[exempted] = "exempt, but it has an entry; remove the exemption"
        elif not reason.strip():
            stale[exempted] = "exempt without a reason; give one"
    absent = [name for area in missing.values() for name in area]
    alike = {
        name: get_close_matches(name, [n for n in sorted(entries) if _owner(n) == _owner(name)], 1)
        for name in absent
    }
    return Coverage(
        counts=counts,
        missing=missing,
        siblings={name: near[0] for name, near in alike.items() if near},
        pages={name: subject.file for name, subject in entries.items()},
        unproven=unproven,
        stale_exemptions=stale,
    )


def _owner(name: str) -> str:
    return name.rpartition(".")[0]
