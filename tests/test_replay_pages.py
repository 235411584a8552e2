"""The replay of a figure on its page: its steps as data, and nothing where it has no place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from sites import CONF, Build, Site, page
from trees import line_of, section

from torchproof.pictures.autograd_graph import record_graph
from torchproof.sphinx_ext.drawings import drawing_rst

BLOCK = """\
:graph: y
>>> w = torch.tensor(3.0, requires_grad=True)
>>> y = w.exp() * 2
>>> y.backward()
>>> y.requires_grad
True"""
FILES = {
    "docs/pages/a.md": page(section("one", BLOCK)),
    # Another graph in an example of the same number, of a variable of the same name.
    "docs/pages/c.md": page(
        section("one", BLOCK.replace("exp", "sin")), section("other", BLOCK.replace("exp", "cos"))
    ),
    "docs/pages/b.md": page(section("two", ">>> torch.ones(1).item()\n1.0")),
}
STEPS = re.compile(r'<script type="application/json" class="replay-steps">(.*?)</script>')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.write(FILES)
    return site


@pytest.fixture(scope="module")
def build(site: Site) -> Build:
    build = site.build()
    assert build.status == 0, build.output
    return build


def test_steps_stand_below_their_figure(build: Build) -> None:
    text = build.page("pages/a")
    (data,) = STEPS.findall(text)
    assert text.index("</svg>") < text.index(data)
    told = json.loads(data)
    assert [step["say"] for step in told["steps"]] == [
        "This line records ExpBackward0 and MulBackward0.",
        "This line starts a backward pass.",
        "MulBackward0 receives 1. and sends 2. to ExpBackward0. What it saved is freed.",
        "ExpBackward0 receives 2. and sends 40.1711 to w. What it saved is freed.",
        "w receives 40.1711, which is now its .grad.",
        "The pass is over. w.grad is 40.1711.",
    ]
    nodes = set(re.findall(r'data-node="(.*?)"', text))
    edges = set(re.findall(r'data-edge="(.*?)"', text))
    for step in told["steps"]:
        assert {*step.get("on", ()), *step.get("hot", ())} <= nodes
        assert {*step.get("ways", ())} <= edges
    assert {key for step in told["steps"] for key in step.get("on", ())} == nodes


def test_sections_of_a_page_have_their_own_replays(build: Build) -> None:
    said = [json.loads(data)["steps"][0]["say"] for data in STEPS.findall(build.page("pages/c"))]
    assert said == [
        f"This line records {name}Backward0 and MulBackward0." for name in ("Sin", "Cos")
    ]


def test_the_player_is_loaded_where_there_is_a_replay_alone(build: Build) -> None:
    assert 'src="../_static/replay.js' in build.page("pages/a")
    assert "replay." not in build.page("pages/b")
    assert (build.html / "_static/replay.js").is_file()
    assert (build.html / "_static/replay.css").is_file()


def test_markdown_has_no_steps(build: Build) -> None:
    text = (build.html / "pages/a.md").read_text(encoding="utf-8")
    assert "*Figure: y" in text
    assert "replay" not in text


def test_a_replay_of_something_else_is_an_error_with_its_line(site: Site, build: Build) -> None:
    folder = site.root.joinpath("docs/_build/torchproof/replays")
    (kept,) = (p for p in folder.iterdir() if "ExpBackward0" in p.read_text(encoding="utf-8"))
    kept.write_text(kept.read_text(encoding="utf-8").replace('"label":"w"', '"label":"v"'))
    again = site.build()
    kept.unlink()
    assert build.status == 0
    assert again.status == 1
    line = line_of(FILES["docs/pages/a.md"], ":graph: y") - 1
    assert f"docs/pages/a.md:{line}: WARNING: the replay of `y` recorded something" in again.output


def test_a_site_can_leave_replays_out(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=f"{CONF}\ntorchproof_replays = False\n")
    site.write(FILES)
    text = site.build().page("pages/a")
    assert "<svg" in text
    assert "replay" not in text
    assert "data-node" not in text


SCRIPT = '''"""A title

What is it?
"""
# %%
import torch

w = torch.tensor(2.0, requires_grad=True)
y = w * w
# torchproof: graph y
y.backward()
assert w.grad == 4
'''


def test_a_figure_of_a_script_has_the_replay_of_the_same_graph(tmp_path: Path) -> None:
    w = torch.tensor(2.0, requires_grad=True)
    y = w * w
    shown = [record_graph(y, names={"y": y, "w": w}), record_graph(y, names={"z": y, "w": w})]
    site = Site(tmp_path)
    drawn = "\n".join(map(drawing_rst, shown))
    site.write(
        {
            "gallery/area/script.py": SCRIPT,
            "docs/gallery/area/script.rst": f":orphan:\n\nA script\n========\n\n{drawn}",
            "docs/pages/a.md": "# Page\n",
        }
    )
    build = site.build()
    (data,) = STEPS.findall(build.page("gallery/area/script"))
    said = [step["say"] for step in json.loads(data)["steps"]]
    assert said[0] == "This line records MulBackward0."
    assert said[-1] == "The pass is over. w.grad is 4."


def test_sections_that_draw_one_graph_have_the_replay_of_their_own(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(
        {
            "docs/pages/a.md": page(
                section("one", BLOCK), section("two", BLOCK.replace("3.0", "0.0"))
            )
        }
    )
    build = site.build()
    assert build.status == 0, build.output
    first, second = (json.loads(data) for data in STEPS.findall(build.page("pages/a")))
    assert ["40.1711" in json.dumps(told) for told in (first, second)] == [True, False]
