"""The page of the architecture and its picture say what the imports say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from packages import FACADES, LAYERS, PICTURE, ROOT, arrows, direct, draw, modules

PAGE = PICTURE.with_suffix(".md")
SVG = "{http://www.w3.org/2000/svg}"
_ROW = re.compile(r"^\| `([\w.*]+)` \| .+ \| (.*)\|$", re.MULTILINE)
_CODE = re.compile(r"`([\w.]+)`")


def table(text: str) -> dict[str, set[str]]:
    """Return the packages of the table in their order, with what each imports."""
    return {row[1]: set(_CODE.findall(row[2])) for row in _ROW.finditer(text)}


def rank(name: str) -> int:
    """Return the layer of a package; the public addresses stand with what they lead to."""
    name = "visdom" if name == FACADES else name
    (found,) = (number for number, layer in enumerate(LAYERS) if name in layer)
    return found


def complaints(said: dict[str, set[str]], real: dict[str, set[str]]) -> list[str]:
    """Say where a page differs from the imports; one line each."""
    found = [f"no package {name}" for name in said.keys() - real.keys()]
    found += [f"{name} is missing" for name in real.keys() - said.keys()]
    for name in said.keys() & real.keys():
        found += [f"{name} does not import {other}" for other in said[name] - real[name]]
        found += [f"{name} also imports {other}" for other in real[name] - said[name]]
    known = [name for name in said if name in real]
    return sorted(found) + [
        f"{after} stands after {before}"
        for before, after in pairwise(known)
        if rank(before) > rank(after)
    ]


def boxes(svg: str) -> tuple[dict[str, set[str]], dict[str, float]]:
    """Return the boxes of a picture with what each imports by its description; their heights."""
    root = ET.fromstring(svg)
    heights = {}
    for group in root.iter(f"{SVG}g"):
        label, *detail = group.iter(f"{SVG}text")
        name = " ".join(str(text.text) for text in (label, *detail))
        heights[_full(name)] = float(label.attrib["y"])
    said: dict[str, set[str]] = {name: set() for name in heights}
    description = root.findtext(f"{SVG}desc") or ""
    for sentence in description.rstrip(".").split(". "):
        name, others = sentence.split(" imports ")
        said[_full(name)] = set(map(_full, others.split(", ")))
    return said, heights


def _full(name: str) -> str:
    last, _, outer = name.partition(" of ")
    return f"{outer}.{last}" if outer else last


def test_the_table_names_each_package_and_each_import_from_below_to_above() -> None:
    assert complaints(table(PAGE.read_text(encoding="utf-8")), arrows()) == []


def test_the_picture_has_each_package_and_the_arrows_that_do_not_follow_from_others() -> None:
    said, heights = boxes(PICTURE.read_text(encoding="utf-8"))
    again = "draw it anew: python tests/packages.py"
    assert said == direct(arrows()), again
    assert all(heights[name] < heights[other] for name in said for other in said[name]), again


def test_the_modules_that_the_page_names_exist() -> None:
    named = set(_CODE.findall(PAGE.read_text(encoding="utf-8"))) - {"examples.json"}
    folders = {path.name for path in PAGE.parents[1].iterdir()}
    unknown = named - modules().keys() - folders - {"setup", "torchproof"}
    assert not unknown
    # What lies in no package is named too.
    alone = {name for name, path in modules().items() if path.parent == ROOT and name}
    assert alone - {name for name, path in modules().items() if path.name == "__init__.py"} <= named


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("| `panes` | P | `running` |\n", "", "panes is missing"),
        ("| `running` | R | |", "| `running` | R | `panes` |", "running does not import panes"),
        ("| `panes` | P | `running` |", "| `panes` | P | |", "panes also imports running"),
        ("| `running` | R | |", "| `runs` | R | |", "no package runs"),
    ],
)
def test_a_page_that_says_something_else_is_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    for name, text in (("running", ""), ("panes", "from torchproof.running import a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text, encoding="utf-8")
    real = arrows(tmp_path)
    page = "| `running` | R | |\n| `panes` | P | `running` |\n"
    assert complaints(table(page), real) == []
    assert old in page
    assert complaint in complaints(table(page.replace(old, new)), real)
    upside_down = "".join(reversed(page.splitlines(keepends=True)))
    assert complaints(table(upside_down), real) == ["running stands after panes"]
    assert boxes(draw(direct(real)))[0] == real
