"""What pictures show, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from torchproof.panes.words import pane_in_words
from torchproof.pictures.figure_words import figure_in_words
from torchproof.pictures.words import plain


@pytest.fixture
def axes() -> Iterator[Axes]:
    plt.switch_backend("agg")
    _, axes = plt.subplots()
    yield axes
    plt.close("all")


def said(axes: Axes) -> str:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure_in_words(figure)


def test_a_line_is_told_by_its_ends_and_how_far_it_goes(axes: Axes) -> None:
    axes.plot([4.0, 5.0, 1.0, 2.0], label="loss")
    axes.axhline(3.0)
    axes.set(title="It falls", xlabel="step", ylabel="loss")
    assert said(axes) == "It falls. X: step; y: loss. Line loss from 4 to 2, between 1 and 5."


def test_bars_are_told_by_name_and_height(axes: Axes) -> None:
    bars = axes.bar(["a", "b"], [1.0, 2.5])
    axes.bar_label(bars)
    assert said(axes) == "Bars a 1, b 2.5."


def test_a_grid_is_told_row_by_row(axes: Axes) -> None:
    axes.pcolormesh([[0, 1], [1, 1]])
    axes.set_xticks([0.5, 1.5], ["left", "right"])
    axes.set_yticks([0.5, 1.5], ["one", "two"])
    assert said(axes) == "Grid, columns left, right; one: 0, 1; two: 1, 1."


def test_points_and_texts_are_told(axes: Axes) -> None:
    axes.scatter([1, 2, 3], [1, 2, 3])
    axes.text(1, 1, "$x^2$ here")
    assert said(axes) == "3 points; x^2 here."


@pytest.mark.parametrize(
    ("pane", "words"),
    [
        (
            {"type": "plot", "content": {"data": [{"name": "a", "mode": "lines", "y": [4, 2]}]}},
            "Visdom pane win: line a from 4 to 2.",
        ),
        (
            {"type": "plot", "title": "Counts", "content": {"data": [{"type": "bar", "y": [1]}]}},
            "Visdom pane Counts: bar.",
        ),
        ({"type": "text", "content": "<b>3</b> epochs"}, "Visdom pane win: 3 epochs"),
        (
            {"type": "text", "content": "<svg><style>a {}</style></svg>"},
            "Visdom pane win: HTML.",
        ),
        (
            {"type": "image", "content": {"src": "", "caption": "a digit"}},
            "Visdom pane win: an image, a digit.",
        ),
        (
            {"type": "properties", "content": [{"name": "lr", "value": "0.1"}]},
            "Visdom pane win: lr 0.1.",
        ),
        ({"type": "network", "content": {}}, "Visdom pane win, of type network."),
    ],
)
def test_a_pane_is_told_by_what_it_holds(pane: dict[str, Any], words: str) -> None:
    assert pane_in_words(pane, name="win") == words


def test_a_long_text_is_cut_between_words() -> None:
    assert plain("word " * 100).endswith("word ...")
    assert len(plain("word " * 100)) < 170
