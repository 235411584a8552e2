"""Describe a Matplotlib figure in words, for readers who cannot see it.

The words are generated from the plotted data, so they change with the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from torchproof.pictures.words import MOST, course, listed, number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# A number on a bar repeats its height.
_VALUE = re.compile(r"[-+]?[\d.,]+")


def figure_in_words(figure: Figure) -> str:
    """Describe a figure: the title, axes and content of each of its plots."""
    plots = [_plot_in_words(axes) for axes in figure.axes]
    return " ".join([*_sentences(figure.get_suptitle()), *filter(None, plots)])


def _plot_in_words(axes: Axes) -> str:
    title = axes.get_title() or axes.get_title(loc="left") or axes.get_title(loc="right")
    labels = {"x": axes.get_xlabel(), "y": axes.get_ylabel()}
    named = listed([f"{axis}: {label}" for axis, label in labels.items() if label])
    parts = [*_lines(axes), *_bars(axes), *_grids(axes), *_clouds(axes)]
    parts += [f"image of {' × '.join(map(str, i.get_size()))} values" for i in axes.images]
    if not any(_grids(axes)):
        parts += [text for text in map(_text, axes.texts) if not _VALUE.fullmatch(text)]
    return " ".join(_sentences(title, named, listed([plain(part) for part in parts])))


def _sentences(*texts: str) -> list[str]:
    plains = [plain(text, longest=600) for text in texts if text]
    return [f"{text[0].upper()}{text[1:]}." for text in plains]


def _lines(axes: Axes) -> Iterator[str]:
    for line in axes.get_lines():
        label, values = plain(str(line.get_label())), np.asarray(line.get_ydata(), float)
        y = values[np.isfinite(values)].tolist()
        named = not label.startswith("_")
        # Rules and ticks are lines too, but unnamed and with two points at most.
        if named or len(y) > 2:
            yield f"line {label} {course(y)}" if named else f"line {course(y)}"


def _bars(axes: Axes) -> Iterator[str]:
    for bars in axes.containers:
        heights = [float(value) for value in getattr(bars, "datavalues", [])]
        if heights:
            label, upright = str(bars.get_label()), getattr(bars, "orientation", "") == "vertical"
            names = _ticks(axes, "x" if upright else "y")
            named = names if len(names) == len(heights) else [""] * len(heights)
            pairs = zip(named[:MOST], heights[:MOST], strict=True)
            values = ", ".join(f"{name} {number(height)}".strip() for name, height in pairs)
            yield f"bars {values}" if label.startswith("_") else f"bars {label}: {values}"


def _grids(axes: Axes) -> Iterator[str]:
    for mesh in axes.collections:
        if type(mesh).__name__ == "QuadMesh":
            yield from _rows(axes, mesh)  # type: ignore[arg-type]


def _rows(axes: Axes, mesh: QuadMesh) -> Iterator[str]:
    values = np.asarray(mesh.get_array())
    cells = [[number(float(value)) for value in row] for row in values]
    if len(axes.texts) == values.size:
        texts = iter(axes.texts)
        cells = [[next(texts).get_text() for _ in row] for row in cells]
    rows, columns = _ticks(axes, "y"), _ticks(axes, "x")
    if len(rows) != len(cells) or values.size > 60:
        yield f"grid of {' × '.join(map(str, values.shape))} values"
        return
    yield f"grid, columns {', '.join(columns)}"
    yield from (f"{row}: {', '.join(line)}" for row, line in zip(rows, cells, strict=True))


def _clouds(axes: Axes) -> Iterator[str]:
    clouds = [c for c in axes.collections if type(c).__name__ == "PathCollection"]
    if points := sum(len(np.asarray(cloud.get_offsets())) for cloud in clouds):
        yield f"{points} points"


def _text(text: Text) -> str:
    return text.get_text()


def _ticks(axes: Axes, axis: str) -> list[str]:
    """Return the tick labels of an axis."""
    labels = axes.get_xticklabels() if axis == "x" else axes.get_yticklabels()
    return [text for label in labels if (text := plain(label.get_text()))]
