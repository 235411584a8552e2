"""Measure what Visdom's options change in the pictures that its real front end draws.

Each option is tried on a call, which is drawn without and with it, and again together with the
options that it may need. As a command, `python -m torchproof.visdom.option_effects FILE.toml`
measures the due options and writes FILE.json next to it.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torchproof.files import write_atomically
from torchproof.visdom.browser import draw_panes
from torchproof.visdom.panes import pane_json
from torchproof.visdom.server import visdom_server

_LEGENDS = {"dual_axis_lines"}
"""Methods that show a legend by default."""


@dataclass(frozen=True)
class Trial:
    """One option of one method: the value to try, and the other options that it may need."""

    method: str
    option: str
    call: str
    value: str
    together: str = ""
    changes: str = ""
    generic: bool = False

    @property
    def name(self) -> str:
        """Name of the method and the option."""
        return f"{self.method}.{self.option}"

    @property
    def digest(self) -> str:
        """Digest of the call and the options."""
        text = "\n".join([self.call, self.option, self.value, self.together])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Effect:
    """Whether an option changed a pixel: alone, and with the options it needs (None: not tried)."""

    digest: str
    alone: bool
    together: bool | None


def read_trials(path: Path) -> list[Trial]:
    """Return the trials of a file: the generic options on every call, then each method's own."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    calls: dict[str, str] = data["calls"]
    return [
        *(
            _trial(method, option, calls, given, generic=True)
            for option, given in data["generic"].items()
            for method in calls
        ),
        *(
            _trial(method, option, calls, given, generic=False)
            for method, options in data["own"].items()
            for option, given in options.items()
        ),
    ]


def _trial(
    method: str, option: str, calls: Mapping[str, str], given: Mapping[str, str], *, generic: bool
) -> Trial:
    value = given["value"].replace("SHOWN", str(method in _LEGENDS))
    together = given.get("with", "")
    call = given.get("call", calls[method])
    return Trial(method, option, call, value, together, given["changes"], generic)


def read_effects(path: Path) -> dict[str, Effect]:
    """Return the measured effects by the name of the trial; empty if there is no file."""
    if not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    return {name: Effect(**effect) for name, effect in data.items()}


def due(trials: Iterable[Trial], effects: Mapping[str, Effect]) -> list[Trial]:
    """Return the trials with no measured effect for their current digest."""
    return [t for t in trials if t.name not in effects or effects[t.name].digest != t.digest]


def measure(trials: Sequence[Trial]) -> dict[str, Effect]:
    """Draw the trials and compare the pixels; equal pictures are drawn once for all trials."""
    wanted = dict.fromkeys(key for trial in trials for key in _drawn(trial))
    drawn = dict(zip(wanted, draw_panes(list(_panes(wanted))), strict=True))

    def differ(one: tuple[str, str], other: tuple[str, str]) -> bool:
        return _pixels(drawn[one]) != _pixels(drawn[other])

    effects = {}
    for trial in trials:
        pairs = _drawn(trial)
        together = differ(pairs[2], pairs[3]) if trial.together else None
        effects[trial.name] = Effect(trial.digest, differ(pairs[0], pairs[1]), together)
    return effects


def _drawn(trial: Trial) -> list[tuple[str, str]]:
    """Return the pictures of a trial, as calls with options: without it, with it, and again both.

    The second pair is present if the trial has options that it needs, and includes them.
    """
    option = {trial.option: trial.value}
    states = [{}, option]
    if trial.together:
        states += [{"**": trial.together}, {"**": trial.together, **option}]
    return [(trial.call, json.dumps(state)) for state in states]


def _panes(wanted: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    import numpy as np
    import visdom

    with visdom_server() as server:
        vis: Any = visdom.Visdom(port=server.port, raise_exceptions=True, use_incoming_socket=False)
        for call, state in wanted:
            opts: dict[str, Any] = {}
            for name, text in json.loads(state).items():
                value = eval(text, {"np": np})
                opts.update(value if name == "**" else {name: value})
            win = eval(call, {"np": np, "vis": vis, "opts": copy.deepcopy(opts)})
            pane = pane_json(server.port, win)
            assert pane is not None, call
            yield pane


def _pixels(png: bytes) -> tuple[tuple[int, int], bytes]:
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return picture.size, picture.tobytes()


def main(argv: Sequence[str]) -> int:
    """Measure the due options of the given files; return the exit status."""
    for name in argv:
        path = Path(name)
        trials = read_trials(path)
        effects = read_effects(path.with_suffix(".json"))
        wanted = due(trials, effects)
        print(f"{path}: {len(wanted)} of {len(trials)} options are drawn", flush=True)
        effects |= measure(wanted)
        lines = (
            f"{json.dumps(t.name)}: {json.dumps(effects[t.name].__dict__)}"
            for t in sorted(trials, key=lambda trial: trial.name)
        )
        write_atomically(path.with_suffix(".json"), "{\n" + ",\n".join(lines) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
