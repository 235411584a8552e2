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
_ITEM = re.compile(r"^\* `([\w.*]+)`", re.MULTILINE)
_CODE = re.compile(r"`([\w.]+)`")


def listed(text: str) -> list[str]:
    """Return the packages that a page lists, in its order."""
    return [found[1] for found in _ITEM.finditer(text)]


def rank(name: str) -> int:
    """Return the layer of a package; the public addresses stand with what they lead to."""
    name = {FACADES: "visdom", "replay": "replays"}.get(name, name)
    return next((number for number, layer in enumerate(LAYERS) if name in layer), -1)


def complaints(text: str, svg: str, real: dict[str, set[str]]) -> list[str]:
    """Say where a page or its picture differs from the imports."""
    names, (drawn, heights) = listed(text), boxes(svg)
    needed = direct(real)
    found = [f"no package {name}" for name in {*names, *drawn} - real.keys()]
    found += [f"the list lacks {name}" for name in real.keys() - set(names)]
    found += [f"the picture lacks {name}" for name in real.keys() - drawn.keys()]
    for name, others in drawn.items():
        found += [f"{name} does not import {other}" for other in others - real.get(name, set())]
        found += [f"{name} imports {other}" for other in needed.get(name, set()) - others]
        found += [
            f"{name} is not above {other}"
            for other in others & heights.keys()
            if heights[name] >= heights[other]
        ]
    found += [
        f"{after} stands after {before}"
        for before, after in pairwise(names)
        if rank(before) > rank(after)
    ]
    return sorted(found)


def boxes(svg: str) -> tuple[dict[str, set[str]], dict[str, float]]:
    """Return the boxes of a picture with what each imports by its description; their heights."""
    root = ET.fromstring(svg)
    heights = {}
    for group in root.iter(f"{SVG}g"):
        label, *detail = group.iter(f"{SVG}text")
        name = " ".join(str(text.text) for text in (label, *detail))
        heights[_full(name)] = float(label.attrib["y"])
    said = {}
    description = root.findtext(f"{SVG}desc") or ""
    for sentence in description.rstrip(".").split(". "):
        name, others = sentence.split(" imports ")
        said[_full(name)] = set(map(_full, others.split(", ")))
    return {name: said.get(name, set()) for name in heights}, heights


def _full(name: str) -> str:
    last, _, outer = name.partition(" of ")
    return f"{outer}.{last}" if outer else last


def test_the_page_and_its_picture_say_what_the_imports_say() -> None:
    text, svg = (path.read_text(encoding="utf-8") for path in (PAGE, PICTURE))
    found = complaints(text, svg, arrows())
    assert found == [], "correct docs/architecture.md; the picture is by python tests/packages.py"


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
        ("* `panes`\n", "", "the list lacks panes"),
        ("* `panes`\n", "* `panes`\n* `extra`\n", "no package extra"),
        ("* `running`\n* `panes`\n", "* `panes`\n* `running`\n", "running stands after panes"),
        ("panes imports running.", "running imports panes.", "running does not import panes"),
        ("panes imports running.", "running imports panes.", "running is not above panes"),
        ("panes imports running.", "running imports panes.", "panes imports running"),
        (">panes</text>", ">pane</text>", "the picture lacks panes"),
    ],
)
def test_a_page_that_says_something_else_is_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    for name, text in (("running", ""), ("panes", "from torchproof.running import a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text, encoding="utf-8")
    real = arrows(tmp_path)
    page, svg = "* `running`\n* `panes`\n", draw(direct(real))
    assert complaints(page, svg, real) == []
    assert (old in page) != (old in svg)
    assert complaint in complaints(page.replace(old, new), svg.replace(old, new), real)
