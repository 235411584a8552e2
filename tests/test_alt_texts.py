"""The colours that the descriptions of panes name are in their pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from torchproof.finding.tree import find_in_tree
from torchproof.panes.place import page_places

ROOT = Path(__file__).parents[1]
PANES = ROOT / "docs" / "panes"
# The part of the colour circle that a name stands for, in degrees.
HUES = {
    "red": (340, 15),
    "brown": (10, 45),
    "orange": (15, 45),
    "yellow": (45, 70),
    "green": (70, 165),
    "teal": (165, 195),
    "cyan": (165, 195),
    "turquoise": (165, 195),
    "blue": (195, 255),
    "violet": (255, 310),
    "purple": (255, 310),
    "magenta": (290, 335),
    "pink": (300, 355),
}
NAMED = re.compile(rf"\b(pale |light )?({'|'.join(HUES)})s?\b", re.IGNORECASE)
ENOUGH = 60
"""Pixels: a short dotted line has more."""


def absent(alt: str, picture: Image.Image) -> list[str]:
    """Return the colours that a description names and a picture does not hold."""
    return [
        found[0]
        for found in NAMED.finditer(alt)
        if pixels(picture, found[2].lower(), pale=bool(found[1])) < ENOUGH
    ]


def pixels(picture: Image.Image, colour: str, *, pale: bool) -> int:
    """Count the pixels of a hue; those that are nearly grey or black have none."""
    first, last = (round(degrees * 255 / 360) for degrees in HUES[colour])
    hue, saturation, value = picture.convert("RGB").convert("HSV").split()

    def on_the_circle(step: int) -> int:
        inside = first <= step < last if first < last else step >= first or step < last
        return 255 * inside

    seen = ImageChops.multiply(
        saturation.point(lambda step: 255 * (step > (12 if pale else 60))),
        value.point(lambda step: 255 * (step > 50)),
    )
    return ImageChops.multiply(hue.point(on_the_circle), seen).histogram()[255]


def described() -> Iterator[tuple[str, str, Path]]:
    """Yield file and line, description and picture of each pane that names a colour."""
    for subject in find_in_tree(ROOT).subjects:
        for (number, shown), place in page_places(subject).items():
            if NAMED.search(shown.alt):
                where = f"{subject.file}:{subject.examples[number].line}"
                yield where, shown.alt, PANES / f"{place}.png"


def test_each_colour_that_is_named_is_in_the_picture() -> None:
    panes = list(described())
    assert len(panes) > 60
    wrong = [
        f"{where}: no {', '.join(colours)} in {path.relative_to(ROOT)}, described as: {alt}"
        for where, alt, path in panes
        if (colours := absent(alt, Image.open(path)))
    ]
    assert not wrong, "look at the pictures:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("colour", "names"),
    [
        ("#1f77b4", "blue"),
        ("#ff7f0e", "orange"),
        ("#2ca02c", "green"),
        ("#d62728", "red"),
        ("#9467bd", "violet"),
        ("#440154", "violet"),
        ("#fde725", "yellow"),
        ("#e5ecf6", "light blue"),
        ("#00ffff", "cyan"),
        ("#008080", "teal"),
    ],
)
def test_colours_of_plots_have_one_name(colour: str, names: str) -> None:
    picture = Image.new("RGB", (100, 100), "white")
    ImageDraw.Draw(picture).rectangle((10, 10, 30, 30), fill=colour)
    words = ("blue", "light blue", "orange", "green", "red", "violet", "yellow", "cyan")
    same = {"teal": "cyan", "light blue": "light blue"}.get(names, names)
    expected = {same} | ({"light blue"} if same == "blue" else set())
    assert {word for word in words if not absent(f"One {word} line.", picture)} == expected
