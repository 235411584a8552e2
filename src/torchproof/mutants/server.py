"""Faults in Visdom's server, in forks of this process and in servers that a subject starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FunctionType

from torchproof.finding.subjects import Subject
from torchproof.mutants.areas import FunctionProbes, Planned, here
from torchproof.mutants.faults import Fault, faults_of
from torchproof.mutants.hunting import Trial
from torchproof.mutants.planting import Key, functions_in_memory, plant
from torchproof.mutants.probes import Probes
from torchproof.mutants.sources import Source, functions_of_module
from torchproof.mutants.spawned import Order, leave
from torchproof.mutants.subject_process import NOTES

MOST = 8
"""Number of subjects that try to notice a fault of the server."""
MODULES = (
    "visdom.server.app",
    "visdom.server.handlers.base_handlers",
    "visdom.server.handlers.socket_handlers",
    "visdom.server.handlers.web_handlers",
    "visdom.utils.server_utils",
)


class ServerProbes(FunctionProbes):
    """Probes that interpreters started by a subject have, too."""

    def __init__(self, probes: Probes, sources: Iterable[Source]) -> None:
        super().__init__(probes)
        places = tuple((file, line, number) for (file, line), number in probes.numbers.items())
        self._order = Order("", probed=tuple(sources), places=places)

    def install(self, folder: Path) -> None:
        """Put the probes into this process, and leave an order for those that it starts."""
        super().install(folder)
        order = self._order
        leave(Order(str(folder / NOTES), probed=order.probed, places=order.places), folder)


def plan_server(subjects: Iterable[Subject]) -> Planned:
    """Return the trials of the server's functions; all Visdom subjects may notice them."""
    mine = [subject for subject in here("visdom", subjects) if not subject.needs]
    sources = [s for module in MODULES for s in functions_of_module(module)]
    memory = functions_in_memory(sources)
    there = [source for source in sources if source.key in memory]
    trials = [
        Trial(
            fault,
            (),
            _planter(fault, memory),
            (source.file, fault.statement),
            others=mine,
            must_be_reached=fault.is_invariant,
            most=MOST,
        )
        for source in there
        for fault in faults_of(source)
    ]
    return Planned(trials, ServerProbes(Probes(there, memory), there))


def _planter(fault: Fault, memory: Mapping[Key, list[FunctionType]]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        plant(fault, memory)
        leave(Order(str(folder / NOTES), fault.source, fault.number), folder)

    return do
