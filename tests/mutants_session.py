"""A session on a small module, in a process of its own: `python tests/mutants_session.py ROOT`.

The process forks, so it must have no threads, and it kills what its forks leave behind. It prints
the statuses of all faults and how many it tried. With `stop` it ends at the first progress report.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType

from torchproof.finding.tree import find_in_tree
from torchproof.mutants import hunting, session
from torchproof.mutants.areas import FunctionProbes, Planned
from torchproof.mutants.crew import Crew
from torchproof.mutants.faults import Fault, faults_of
from torchproof.mutants.planting import Key, functions_in_memory, plant
from torchproof.mutants.probes import Probes
from torchproof.mutants.sources import functions_of_module


def _plant(fault: Fault, memory: Mapping[Key, list[FunctionType]], _: Path) -> None:
    plant(fault, memory)


def main(root: Path, *words: str) -> None:
    sys.path.insert(0, str(root))
    importlib.import_module("small")
    hunting.GRACE = 0.5
    subjects = find_in_tree(root).subjects
    sources = functions_of_module("small")
    memory = functions_in_memory(sources)
    trials = [
        hunting.Trial(
            fault,
            [s for s in subjects if s.title == source.qualname],
            functools.partial(_plant, fault, memory),
            (source.file, fault.statement),
        )
        for source in sources
        for fault in faults_of(source)
    ]

    def tell(message: str) -> None:
        if "stop" in words and " caught, " in message:
            raise KeyboardInterrupt

    try:
        summary = session.run_area(
            "nn-module",
            Planned(trials, FunctionProbes(Probes(sources, memory))),
            subjects=subjects,
            folder=root / "docs/mutants",
            seen=root / "seen",
            choice=session.Choice(
                entries=("none",) if "none" in words else (),
                again="again" in words,
                survivors="survivors" in words,
            ),
            crew=Crew(root=root),
            tell=tell,
        )
    except KeyboardInterrupt:
        return
    results = summary.area.results
    said = {
        "tried": summary.tried,
        "unfit": summary.unfit,
        "faults": [
            {"kind": f.kind, "name": f.name, "before": f.before, "after": f.after}
            | ({"status": r.status, "how": r.how} if (r := results.get(f.id)) else {})
            for f in (trial.fault for trial in trials)
        ],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
