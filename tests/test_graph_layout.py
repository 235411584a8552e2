"""Layout of small, random and large graphs, checked by geometry."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from torchproof.pictures.layers import Line
from torchproof.pictures.layout import BOX_GAP, Layout, Point, lay_out


def crosses(path: Sequence[Point], layout: Layout, ends: set[str]) -> list[str]:
    """Name the boxes that a path touches, apart from its ends.

    A step between layers is a curve inside the rectangle that its two points span.
    """
    found = []
    for index, ((x, y), (to_x, to_y)) in enumerate(pairwise(path)):
        assert index % 2 or x == to_x
        for key, box in layout.boxes.items():
            beside = max(x, to_x) < box.x or min(x, to_x) > box.x + box.width
            apart = to_y <= box.y or y >= box.y + box.height
            if key not in ends and not beside and not apart:
                found.append(key)
    return found


def check(sizes: dict[str, tuple[float, float]], lines: list[Line], layout: Layout) -> None:
    for line, path in zip(lines, layout.paths, strict=True):
        assert not crosses(path, layout, {line.source, line.target})
        source, target = layout.boxes[line.source], layout.boxes[line.target]
        assert source.x <= path[0][0] <= source.x + source.width
        assert path[0][1] == source.y + source.height < target.y
        if path[-1][1] == target.y:
            assert target.x <= path[-1][0] <= target.x + target.width
        else:
            joined = [
                other
                for other_line, other in zip(lines, layout.paths, strict=True)
                if other_line[1:3] == line[1:3] and path[-1] in other[:-1]
            ]
            assert joined, "a line ends at its target or on a line to the same target"
    boxes = list(layout.boxes.values())
    for index, box in enumerate(boxes):
        assert 0 <= box.x <= box.x + box.width <= layout.width
        assert 0 <= box.y <= box.y + box.height <= layout.height
        for other in boxes[:index]:
            apart = max(box.x - other.x - other.width, other.x - box.x - box.width)
            assert apart >= BOX_GAP - 0.2 or box.y != other.y
    assert [(box.width, box.height) for box in layout.boxes.values()] == [
        sizes[key] for key in layout.boxes
    ]


@pytest.mark.parametrize("seed", range(30))
def test_no_line_crosses_a_box_of_a_random_graph(seed: int) -> None:
    chance = random.Random(seed)
    keys = [f"n{index}" for index in range(chance.randint(2, 40))]
    sizes = {key: (chance.choice([48.0, 90.0, 200.0]), chance.choice([26.0, 40.0])) for key in keys}
    lines: list[Line] = []
    for index, key in enumerate(keys[1:], 1):
        sources = chance.sample(keys[:index], min(index, chance.randint(1, 3)))
        lines += [Line(source, key, chance.choice([0, 0, 0, 1])) for source in sources]
    check(sizes, lines, lay_out(sizes, lines))


def test_long_line_passes_beside_the_boxes_of_its_way() -> None:
    sizes = dict.fromkeys("abcd", (80.0, 26.0))
    lines = [Line("a", "b"), Line("b", "c"), Line("c", "d"), Line("a", "d")]
    layout = lay_out(sizes, lines)
    check(sizes, lines, layout)
    assert len(layout.paths[-1]) == 7
    assert len({layout.boxes[key].x for key in "abcd"}) == 1, "the spine is straight"


def test_order_has_no_needless_crossing() -> None:
    sizes = dict.fromkeys("rabxy", (60.0, 26.0))
    boxes = lay_out(sizes, [Line("r", "a"), Line("r", "b"), Line("b", "y"), Line("a", "x")]).boxes
    assert boxes["a"].x < boxes["b"].x
    assert boxes["x"].x < boxes["y"].x


def test_twins_of_a_line_have_ports_of_their_own() -> None:
    sizes = dict.fromkeys("ab", (60.0, 26.0))
    first, second = lay_out(sizes, [Line("a", "b"), Line("a", "b")]).paths
    assert first[0] != second[0]
    assert first[-1] != second[-1]


def test_lines_to_one_target_share_a_track_but_channels_do_not() -> None:
    sizes = dict.fromkeys("abcd", (60.0, 26.0))
    spine = [Line("a", "b"), Line("b", "c"), Line("c", "d")]
    shared = lay_out(sizes, [*spine, Line("a", "d"), Line("b", "d")]).paths
    assert shared[4][-1] in shared[3][:-1]
    apart = lay_out(sizes, [*spine, Line("a", "d", 0), Line("b", "d", 1)]).paths
    assert apart[3][-1] != apart[4][-1]
    assert apart[3][-1][1] == apart[4][-1][1]


def test_many_leaves_take_several_rows() -> None:
    sizes = dict.fromkeys(("root", *(f"leaf{index}" for index in range(20))), (100.0, 26.0))
    lines = [Line("root", key) for key in sizes if key != "root"]
    layout = lay_out(sizes, lines, width=700)
    check(sizes, lines, layout)
    assert layout.width < 1000
    assert len({box.y for box in layout.boxes.values()}) == 1 + 4


def test_empty_graph_and_single_node() -> None:
    assert lay_out({}, []) == Layout(0, 0, {}, ())
    assert lay_out({"a": (60.0, 26.0)}, []).width == 60


def test_cycle_is_an_error() -> None:
    with pytest.raises(ValueError, match="cycle"):
        lay_out(dict.fromkeys("ab", (60.0, 26.0)), [Line("a", "b"), Line("b", "a")])
