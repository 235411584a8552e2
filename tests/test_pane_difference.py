"""What makes a picture of a pane out of date: what is forgiven and what is not."""

from __future__ import annotations

import base64
import io
import json
import math
import struct
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from torchproof.panes.data import shown, shown_text
from torchproof.panes.difference import difference


def pane(content: Any, **more: Any) -> dict[str, Any]:
    return {"id": "w", "contentID": "1", "i": 1, "type": "plot", "content": content, **more}


def told(now: Any, before: Any) -> str:
    # As it is kept: by way of a file.
    kept = json.loads(shown_text(pane(before)))
    return difference(shown(pane(now)), kept)


def png(pixels: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, "uint8")).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def typed(values: list[float]) -> dict[str, Any]:
    data = base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()
    return {"dtype": "f8", "bdata": data}


SVG = '<svg><path d="M {0} 41.472 \nL 57.6 -3.5"/><g style="stroke: #1f77b4"/></svg>'
WRAPS = [
    pytest.param(lambda x: {"y": [0.0, x, 3.0]}, id="array"),
    pytest.param(lambda x: {"z": [[0.0, x], [None, 3.0]]}, id="nested array"),
    pytest.param(lambda x: {"size": x}, id="number"),
    pytest.param(lambda x: {"y": typed([0.0, x, 3.0])}, id="typed array"),
    pytest.param(lambda x: SVG.format(x), id="SVG"),
    pytest.param(lambda x: f"<math><mn>{x}</mn></math>", id="MathML"),
]


@pytest.mark.parametrize("wrap", WRAPS)
def test_the_last_bits_of_a_number_are_forgiven_and_no_more(wrap: Any) -> None:
    assert told(wrap(1.5), wrap(1.5)) == ""
    assert told(wrap(1.5 + 1e-7), wrap(1.5)) == ""
    assert told(wrap(1.5 + 1e-2), wrap(1.5)) != ""
    assert told(wrap(1.5), wrap(1.5 + 1e-2)) != ""


def test_the_spread_of_an_array_counts_not_its_height() -> None:
    # On a page, this curve climbs from the bottom to the top.
    before = [1000.0, 1000.005, 1000.01]
    assert told([1000.0, 1000.002, 1000.01], before) == "content[1] is 1000.002 and was 1000.005"
    assert told([1000.00001, 1000.005, 1000.01], before) == ""
    assert told([5.0, 5.0000001], [5.0, 5.0]) == ""
    # A hundredth of a pixel, where the smallest step of a float32 is far below.
    assert told([0.0, 1.000005, 3.0], [0.0, 1.0, 3.0]) == ""


def test_the_files_of_panes_hold_no_more_digits_than_are_compared() -> None:
    assert "[0.3]" in shown_text(pane([0.1 + 0.2]))


def test_none_and_nan_equal_themselves_alone() -> None:
    for value in (None, math.nan, math.inf):
        assert told({"y": [value, 1.0]}, {"y": [value, 1.0]}) == ""
        assert told({"y": [value, 1.0]}, {"y": [2.0, 1.0]}) != ""
        assert told({"y": [2.0, 1.0]}, {"y": [value, 1.0]}) != ""
        assert told(value, value) == ""
        assert told(value, 2.0) != ""
    assert told(True, 1) != ""


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ({"name": "loss"}, {"name": "Loss"}, "content.name is 'loss' and was 'Loss'"),
        ({"name": "0.50001"}, {"name": "0.5"}, "content.name is '0.50001' and was '0.5'"),
        ({"a": 1}, {"a": 1, "b": 2}, "content has different keys: b"),
        ([1, 2], [1, 2, 3], "content has 2 items and had 3"),
        ([[1], [2, 3]], [[1, 2], [3]], "content has a different shape"),
        ([{"y": [1.0]}], [{"y": [2.0]}], "content[0].y[0] is 1.0 and was 2.0"),
        ([1.0], "1.0", "content is [1.0] and was '1.0'"),
        (SVG.format(1).replace("b4", "b5"), SVG.format(1), "content is a different text"),
        (
            SVG.format(1).replace("1f77b4", "123457"),
            SVG.format(1).replace("1f77b4", "123456"),
            "content is a different text",
        ),
        (typed([1.0]) | {"dtype": "f4"}, typed([1.0]), "content.dtype is 'f4' and was 'f8'"),
    ],
)
def test_structure_and_strings_are_compared_exactly(now: Any, before: Any, said: str) -> None:
    assert told(now, before) == said


def test_what_names_a_pane_is_not_compared() -> None:
    renamed = {**pane([1.0]), "id": "other", "contentID": "2", "i": 7, "command": "window"}
    assert difference(shown(renamed), shown(pane([1.0]))) == ""
    assert difference(shown(pane([1.0], title="t")), shown(pane([1.0], title="u"))) != ""


@pytest.mark.parametrize("wrap", ["{}", '<svg><image xlink:href="{}"/></svg>'])
def test_images_are_compared_by_their_pixels(wrap: str) -> None:
    pixels = np.arange(75).reshape(5, 5, 3)
    image = wrap.format(png(pixels))
    assert told(wrap.format(png(pixels + 1)), image) == ""
    assert told(wrap.format(png(pixels + 9)), image) != ""
    one = pixels.copy()
    one[2, 2, 1] += 9
    assert told(wrap.format(png(one)), image) != ""
    assert told(wrap.format(png(pixels[:4])), image) != ""
    assert told(wrap.format("data:image/png;base64,AAAA"), image) != ""


def test_an_image_of_other_bytes_but_the_same_pixels_is_the_same() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((9, 9, 3), 7, "uint8")).save(file, "PNG", compress_level=0)
    packed = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    assert packed != png(np.full((9, 9, 3), 7))
    assert told(packed, png(np.full((9, 9, 3), 7))) == ""


def test_a_video_is_the_same_whatever_the_number_of_threads() -> None:
    def video(settings: bytes) -> str:
        data = base64.b64encode(b"x264 - core 165 " + settings + b" frames").decode()
        return f'<source src="data:video/mp4;base64,{data}">'

    few, many = b"threads=3 lookahead_threads=1", b"threads=24 lookahead_threads=4"
    assert told(video(few), video(many)) == ""
    assert told(video(few + b" crf=23"), video(few)) != ""


def test_of_a_sound_the_length_counts() -> None:
    def sound(data: bytes) -> str:
        return f'<source src="data:audio/wav;base64,{base64.b64encode(data).decode()}">'

    assert told(sound(b"\1\2\3"), sound(b"\1\2\4")) == ""
    assert told(sound(b"\1\2\3"), sound(b"\1\2\3\4\5\6")) != ""


def test_a_figure_is_the_same_whatever_ids_matplotlib_draws_for_it() -> None:
    def figure(last: int = 2) -> str:
        figure, axes = plt.subplots()
        axes.plot([1, last], marker="o")
        axes.scatter([1, 2], [1, 2], c=[0, 1])
        axes.scatter([1, 2], [2, 1], rasterized=True)
        axes.imshow([[1, 2]])
        svg = io.StringIO()
        figure.savefig(svg, format="svg")
        plt.close(figure)
        return svg.getvalue()

    first, second = figure(), figure()
    assert first != second
    assert shown_text(pane(first)) == shown_text(pane(second))
    assert told(first, second) == ""
    assert told(figure(last=3), first) != ""
