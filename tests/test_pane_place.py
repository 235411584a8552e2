"""Where pictures of panes stand: readable, apart from each other, and fit for every file system."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest
from sites import page
from trees import section, write_tree

from torchproof.finding.pages import find_in_page
from torchproof.panes.place import file_safe, page_places, recorded_panes, script_places
from torchproof.pictures.kinds import Pane, Trace
from torchproof.running.outcome import Drawing


def block(pane: str, number: int = 1) -> str:
    return f":pane: {pane}\n:alt: a pane\n>>> {number}\n{number}"


def places(root: Path, *blocks: str) -> list[str]:
    fence = "\n```\n\n```{doctest}\n"
    write_tree(root, {"docs/visdom/fields.md": page(section("surf", fence.join(blocks)))})
    (subject,) = find_in_page(root / "docs/visdom/fields.md", root=root).subjects
    return [str(place) for place in page_places(subject).values()]


def test_page_section_and_pane_name_the_place(tmp_path: Path) -> None:
    assert places(tmp_path, block("hill")) == ["visdom/fields/surf/hill"]


def test_pictures_of_one_pane_and_of_other_envs_do_not_meet(tmp_path: Path) -> None:
    blocks = [block(pane) for pane in ("hill", "hill runs", "hill", "hill.2", "runs@hill", "Hill")]
    found = places(tmp_path, *blocks)
    assert found[:3] == [f"visdom/fields/surf/{name}" for name in ("hill", "runs@hill", "hill.2")]
    assert len({place.lower() for place in found}) == len(blocks)
    assert places(tmp_path, *blocks) == found


def test_a_script_has_a_folder_with_its_panes_in_order() -> None:
    script = script_places("gallery/visdom/live.py")
    assert [str(script.take(*pane)) for pane in (("loss",), ("loss", "fast"), ("loss",))] == [
        f"gallery/visdom/live/{name}" for name in ("loss", "fast@loss", "loss.2")
    ]


def test_the_id_that_a_server_invents_is_in_no_name() -> None:
    script = script_places("gallery/visdom/live.py")
    taken = [script.take("window_3e1b0a5c7d9f2e"), script.take("window_0123456789abcd")]
    assert taken == [PurePosixPath("gallery/visdom/live", name) for name in ("window", "window.2")]


@pytest.mark.parametrize(
    "name",
    ["a b", "A", "a/b", "a\\b", "..", "", "con", "COM1", "é", "a:b?", "x" * 300, "a@b", "a.2"],
)
def test_a_name_that_files_cannot_have_is_changed_and_told_apart(name: str) -> None:
    safe = file_safe(name)
    assert len(safe) < 80
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")
    assert safe.partition(".")[0] not in {"con", "com1"}
    assert safe not in {name, file_safe(f"{name}?"), file_safe(name.swapcase() + "!")}
    assert file_safe("Loss").startswith("loss.")
    assert file_safe("learning-rate_2") == "learning-rate_2"


def test_each_pane_is_taken_from_its_block_and_its_option(tmp_path: Path) -> None:
    tree = f":tree: net\n{block('second', 2)}"
    write_tree(
        tmp_path,
        {"docs/a.md": page(section("b", f"{block('first')}\n```\n\n```{{doctest}}\n{tree}"))},
    )
    (subject,) = find_in_page(tmp_path / "docs/a.md", root=tmp_path).subjects
    drawings = [
        Drawing(
            number,
            p.name,
            Pane(json.dumps({"of": p.name})) if p.kind == "pane" else Trace(p.name, ("a",)),
        )
        for number, example in enumerate(subject.examples)
        for p in example.pictures
    ]
    assert len(drawings) == 3
    panes = {place.name: pane for _, _, place, pane in recorded_panes(subject, drawings)}
    assert panes == {"first": {"of": "first"}, "second": {"of": "second"}}
