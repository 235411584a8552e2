"""The table of Visdom's options: groups, a sign for each method, and links from the entries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sites import Build, Site, entry, page

from torchproof.visdom.option_effects import read_trials

OPTIONS = """
[calls]
line = "vis.line([4, 2, 1], [0, 1, 2], win='w', opts=opts)"
bar = "vis.bar([4, 2, 1], win='w', opts=opts)"

[groups]
"Window" = ["title"]
"Axes" = ["xtick", "dash"]

[generic]
title = { value = "'Loss'", changes = "title of the plot" }
xtick = { value = "False", changes = "labels of ticks", with = "{'xlabel': 'step'}" }

[own.line]
dash = { value = "3", changes = "dashes of lines" }
"""
EFFECTS = {"line.xtick": (False, True), "bar.xtick": (False, False), "line.dash": (False, None)}
TABLE = "# Options\n\n```{visdom-options} options.toml\n```\n"


def write(site: Site, options: str) -> None:
    site.write({"docs/pages/options.md": TABLE, "docs/pages/options.toml": options})
    path = site.root / "docs/pages/options.toml"
    effects = {}
    for trial in read_trials(path):
        alone, together = EFFECTS.get(trial.name, (True, None))
        effects[trial.name] = {"digest": trial.digest, "alone": alone, "together": together}
    path.with_suffix(".json").write_text(json.dumps(effects), encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    head = "# Area\n\n```{toctree}\n"
    site.write(
        {
            "docs/index.md": f"{head}pages/index\n```\n",
            "docs/pages/index.md": f"{head}a\noptions\n```\n",
            "docs/pages/a.md": page(
                entry("visdom.Visdom.line", ">>> 1 + 1\n2"),
                entry("visdom.Visdom.bar", ">>> 2 + 1\n3"),
                entry("visdom.Visdom.text", ">>> 3 + 1\n4"),
                title="A",
            ),
        }
    )
    write(site, OPTIONS)
    return site


def rows(built: Build) -> list[list[str]]:
    html = built.page("pages/options")
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL)
        if "<td" in row
    ]


def test_it_has_a_row_for_each_option_and_a_sign_for_each_method(site: Site) -> None:
    built = site.build()
    assert built.status == 0, built.output
    assert rows(built) == [
        ["Window"],
        ["title title of the plot tried with 'Loss'", "●", "●"],
        ["Axes"],
        ["xtick labels of ticks tried with False with {'xlabel': 'step'}", "◐", "–"],
        ["dash dashes of lines tried with 3", "–", ""],
    ]


def test_the_entry_of_a_method_in_it_links_to_its_column(site: Site) -> None:
    built = site.build()
    assert '<th class="head method" id="options-of-line">' in built.page("pages/options")
    shown = built.page("pages/a")
    linked = re.findall(r'class="entry-options"><a [^>]*href="(options.html#[^"]*)"', shown)
    assert linked == ["options.html#options-of-line", "options.html#options-of-bar"]


def test_an_option_without_a_group_is_named(site: Site) -> None:
    write(site, OPTIONS.replace('"xtick", "dash"', '"xtick", "dsah"'))
    built = site.build()
    assert built.status != 0
    assert "no other: dash, dsah" in built.output
