"""Read the scenario of a picture of Visdom's whole page: a Python file that draws and drives it."""

from __future__ import annotations

import contextlib
import hashlib
import runpy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torchproof.code_digest import canonical

SIZE = (1280, 720)
"""Width and height of the page in CSS pixels, if a scenario names no `SIZE`."""
_NAMES = {"SIZE", "PART", "ADDRESS", "LABELS", "windows", "drive"}


class ScenarioError(RuntimeError):
    """A scenario that no machine can draw; the message begins with its file and line."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


def _nothing(_: Any) -> None:
    """Do nothing: a scenario need not draw, nor drive."""


@dataclass(frozen=True)
class Scenario:
    """What one picture shows."""

    path: Path
    size: tuple[int, int] = SIZE
    part: str = ""
    """Selector of the part that the picture is cut to; the whole page if empty."""
    address: str = ""
    """Path of the page that is opened, such as `env/run_1`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Selectors of the labelled parts by name, in the order of their numbers."""
    windows: Callable[[Any], object] = _nothing
    """Takes the client of a new server, and draws."""
    drive: Callable[[Any], object] = _nothing
    """Takes Playwright's page once all windows are drawn: it opens a dialog, hovers a window."""

    def error(self, error: Exception, *, at: str = "") -> ScenarioError:
        """Return an error with the line of the scenario that raised it, or that holds a text."""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename) == self.path]
        if isinstance(error, SyntaxError) and error.filename == str(self.path):
            lines.append(error.lineno)
        source = self.path.read_text(encoding="utf-8").split("\n")
        quoted = [number for number, line in enumerate(source, 1) if at and at in line]
        line = next(iter([*quoted, *reversed(lines)]), None) or 1
        said = str(error).split("\n", maxsplit=1)[0]
        return ScenarioError(self.path, line, f"{type(error).__name__}: {said}")


def scenario_digest(path: Path) -> str:
    """Return the digest of a scenario; comments, docstrings and formatting do not count."""
    code = path.read_text(encoding="utf-8")
    # What is no Python has a digest too; `read_scenario` says what is wrong with it.
    with contextlib.suppress(SyntaxError):
        code = canonical(code)
    return hashlib.sha256(code.encode()).hexdigest()[:12]


def read_scenario(path: Path) -> Scenario:
    """Run the top level of a scenario; raises ScenarioError."""
    try:
        found = runpy.run_path(str(path))
    except Exception as error:
        raise Scenario(path).error(error) from error
    constants = {name for name in found if name.isupper() and not name.startswith("_")}
    if unknown := constants - _NAMES:
        known = ", ".join(sorted(_NAMES))
        message = f"{min(unknown)} is none of {known}; a constant of your own begins with _"
        raise Scenario(path).error(NameError(message), at=min(unknown))
    given = {name.lower(): found[name] for name in _NAMES if name in found}
    return Scenario(path, **given)
