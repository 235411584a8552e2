"""Which options change a pixel: the measurement, and that the committed one is of what stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_visdom_panes import needs_browser

from torchproof.visdom.option_effects import due, main, measure, read_effects, read_trials

pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")

COMMITTED = Path(__file__).parents[1] / "docs/visdom/options.toml"
OPTIONS = """
[calls]
line = "vis.line([4, 2, 1], [0, 1, 2], win='w', opts=opts)"

[generic]
title = { value = "'Loss'", changes = "the title" }
xtick = { value = "False", changes = "the ticks", with = "{'xlabel': 'step'}" }

[own.line]
nothing = { value = "3", changes = "nothing" }
"""


@needs_browser
def test_an_option_is_drawn_alone_and_beside_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "options.toml"
    path.write_text(OPTIONS)
    assert main([str(path)]) == 0
    effects = read_effects(path.with_suffix(".json"))
    assert {name: (e.alone, e.together) for name, e in effects.items()} == {
        "line.title": (True, None),
        "line.xtick": (False, True),
        "line.nothing": (False, None),
    }
    trials = read_trials(path)
    assert [trial.generic for trial in trials] == [True, True, False]
    assert due(trials, effects) == []
    changed = replace(trials[0], value="'Accuracy'")
    assert due([changed, *trials[1:]], effects) == [changed]


def test_the_committed_effects_are_of_the_trials_that_stand() -> None:
    trials = read_trials(COMMITTED)
    effects = read_effects(COMMITTED.with_suffix(".json"))
    assert due(trials, effects) == []
    assert {trial.name for trial in trials} == set(effects)


@needs_browser
def test_the_committed_effects_are_current() -> None:
    effects = read_effects(COMMITTED.with_suffix(".json"))
    trials = read_trials(COMMITTED)
    # One for each method that has any, as each takes four pictures.
    odd = {t.method: t for t in trials if not t.generic and not effects[t.name].alone}
    sample = [t for t in trials if t.name in ("bar.title", "bar.xlabel", "bar.xtickstep")]
    assert len(odd) > 4 and len(sample) == 3
    assert measure([*odd.values(), *sample]) == {
        t.name: effects[t.name] for t in [*odd.values(), *sample]
    }
