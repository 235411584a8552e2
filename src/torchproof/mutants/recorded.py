"""The recorded results of all areas, with the equivalent faults and errors in the files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from torchproof.finding.subjects import Problem
from torchproof.mutants.equivalent import FILE, Equivalents, read_equivalents
from torchproof.mutants.results import Area, ResultsError, read_area
from torchproof.mutants.score import Score, score

_ORDER = ("nn-module", "autograd", "visdom", "visdom-server", "front-end")


@dataclass(frozen=True)
class Recorded:
    """What the files in `docs/mutants` say."""

    areas: tuple[Area, ...] = ()
    equivalents: Equivalents = field(default_factory=Equivalents)
    problems: tuple[Problem, ...] = ()

    def score_of(self, names: Iterable[str]) -> Score:
        """Return the score of some documented names."""
        wanted = tuple(names)
        parts = [score(area, self.equivalents, names=wanted) for area in self.areas]
        return Score(
            caught=sum(part.caught for part in parts),
            survivors=tuple(result for part in parts for result in part.survivors),
            equivalent=sum(part.equivalent for part in parts),
            untried=sum(part.untried for part in parts),
        )


def read_recorded(folder: Path) -> Recorded:
    """Read all results; a file that cannot be read is a problem, and counts as empty."""
    areas, problems = [], []
    for path in sorted(folder.glob("*.json"), key=_rank):
        try:
            area = read_area(folder, path.stem)
        except ResultsError as error:
            line = re.match(re.escape(str(path)) + r":(\d+): ", str(error))
            message = str(error)[line.end() :] if line else str(error)
            problems.append(Problem(str(path), int(line[1]) if line else 1, message))
            continue
        if area is not None:
            areas.append(area)
    known = {key: result.status for area in areas for key, result in area.results.items()}
    equivalents = read_equivalents(folder / FILE, known)
    return Recorded(tuple(areas), equivalents, (*problems, *equivalents.problems))


def _rank(path: Path) -> tuple[int, str]:
    known = path.stem in _ORDER
    return _ORDER.index(path.stem) if known else len(_ORDER), path.stem
