"""The areas that faults are planted in: their faults, and the subjects that should notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from torchproof.finding.marks import skip_reason
from torchproof.finding.subjects import Subject
from torchproof.mutants.compiled import WrapperFault, plant_wrapper, wrapper_faults
from torchproof.mutants.faults import Fault, faults_of
from torchproof.mutants.hunting import Tracer, Trial
from torchproof.mutants.planting import Key, functions_in_memory, plant
from torchproof.mutants.probes import Probes
from torchproof.mutants.sources import sources_of
from torchproof.running.environment import describe_environment

PYTHON_AREAS = ("nn-module", "autograd", "visdom")
"""Areas whose faults lie in the Python source of documented names."""
_FEW = 4
"""Subjects that try to notice a wrapper, beside the entry's own: nothing tells who reaches it."""


@dataclass
class Planned:
    """The trials of one area, and the probes that say which subjects reach a fault."""

    trials: list[Trial]
    tracer: Tracer


class FunctionProbes:
    """Probes in the functions of this process, which forks inherit."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes

    @property
    def size(self) -> int:
        """Bytes of notes that they need."""
        return self._probes.size

    def install(self, _: Path) -> None:
        """Put the probes into this process."""
        self._probes.install()

    @property
    def key(self) -> Iterable[object]:
        """All places with their numbers, which change with the package."""
        return self._probes.numbers.items()

    def places(self, numbers: Iterable[int]) -> frozenset[object]:
        """Return the places that have the probes of these numbers."""
        return self._probes.places(numbers)


def plan_python(area: str, subjects: Iterable[Subject]) -> Planned:
    """Return the trials of the documented names of an area."""
    mine = here(area, subjects)
    words = {subject.id: frozenset(re.findall(r"\w+", subject.text)) for subject in mine}
    entries = {name: s for s in mine if s.kind == "entry" for name in s.names}
    sources = sources_of(entries)
    memory = functions_in_memory(sources)
    there = [source for source in sources if source.key in memory]
    trials = []
    for source in there:
        names = (source.name, *source.callers)
        own = list(dict.fromkeys(entries[name] for name in names))
        page, others = naming(names, mine, own=own, words=words)
        if source.name.rpartition(".")[2].startswith("_"):
            # What others call and nobody is told to call, other entries show.
            others = mine
        for fault in faults_of(source):
            probe = (source.file, fault.statement)
            trials.append(
                Trial(
                    fault,
                    (*own, *page),
                    _planter(fault, memory),
                    probe,
                    others=others,
                    must_be_reached=fault.is_invariant,
                )
            )
    for wrapped in wrapper_faults(entries):
        own = [entries[wrapped.name]]
        page, others = naming((wrapped.name,), mine, own=own, words=words)
        candidates = (*own, *page[:_FEW], *others[:_FEW])
        trials.append(Trial(wrapped, candidates, _wrapper(wrapped)))
    return Planned(trials, FunctionProbes(Probes(there, memory)))


def _planter(fault: Fault, memory: Mapping[Key, list[FunctionType]]) -> Callable[[Path], None]:
    return lambda _: plant(fault, memory)


def _wrapper(fault: WrapperFault) -> Callable[[Path], None]:
    return lambda _: plant_wrapper(fault)


def here(area: str, subjects: Iterable[Subject]) -> list[Subject]:
    """Return the subjects of an area that run on the CPU, with the versions that are here."""
    where = describe_environment("cpu")
    return [s for s in subjects if area_of(s) == area and skip_reason(s, "cpu", where) is None]


def area_of(subject: Subject) -> str:
    """Return the area of a subject: the folder of its page or script."""
    parts = subject.file.split("/")
    return parts[1].replace("_", "-") if len(parts) == 3 else ""


def naming(
    names: Iterable[str],
    subjects: Iterable[Subject],
    *,
    own: Iterable[Subject],
    words: Mapping[str, AbstractSet[str]],
) -> tuple[list[Subject], list[Subject]]:
    """Return other subjects whose code names one of the functions: on the same page, elsewhere."""
    lasts = {name.rpartition(".")[2] for name in names}
    known = {subject.id for subject in own}
    files = {subject.file for subject in own}
    found = [s for s in subjects if s.id not in known and lasts & words[s.id]]
    found.sort(key=lambda s: (bool(s.needs), len(s.text), s.id))
    return [s for s in found if s.file in files], [s for s in found if s.file not in files]
