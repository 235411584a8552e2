"""The drawn graph: valid, accessible, the same in every process, no line through a box."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from torchproof.pictures.autograd_graph import record_graph
from torchproof.pictures.kinds import Edge, Graph, Node
from torchproof.pictures.svg import graph_svg

SVG = "{http://www.w3.org/2000/svg}"
ENCODER = """
import torch
from torch import nn
layer = nn.TransformerEncoderLayer(8, 2, 16)
loss = layer(torch.ones(2, 3, 8)).sum()
"""


@pytest.fixture(scope="module")
def encoder() -> Graph:
    names: dict[str, object] = {}
    exec(ENCODER, names)
    loss = names["loss"]
    assert isinstance(loss, torch.Tensor)
    return record_graph(loss, names=names)


def sampled(path: str) -> Iterator[tuple[float, float]]:
    """Yield points of path data, 50 a step, on the real curve."""
    x = y = 0.0
    for command, arguments in re.findall(r"([MVC])([^MVC]*)", path):
        ends = [float(number) for number in arguments.split()]
        if command == "M":
            x, y = ends
            continue
        x1, y1, x2, y2, x3, y3 = ends if command == "C" else (x, y, x, ends[0], x, ends[0])
        for t in (index / 50 for index in range(51)):
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            yield (
                sum(w * at for w, at in zip(weights, (x, x1, x2, x3), strict=True)),
                sum(w * at for w, at in zip(weights, (y, y1, y2, y3), strict=True)),
            )
        x, y = x3, y3


def test_no_curve_of_an_encoder_layer_enters_a_box(encoder: Graph) -> None:
    assert len(encoder.nodes) >= 50
    svg = ET.fromstring(graph_svg(encoder, anchor="a"))
    boxes = [
        tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in svg.iter(f"{SVG}rect")
    ]
    assert len(boxes) > 60
    paths = {path.attrib["class"]: path.attrib["d"] for path in svg.findall(f"{SVG}path")}
    points = [*sampled(paths["flow"]), *sampled(paths["aside"])]
    assert len(points) > 50 * len(encoder.edges)
    for left, top, width, height in boxes:
        right, bottom = left + width, top + height - 0.01
        assert not [p for p in points if left < p[0] < right and top + 0.01 < p[1] < bottom]
    assert float(svg.attrib["width"]) < 800


def test_text_alternative_says_what_leads_to_what() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x.exp() * x
    svg = ET.fromstring(graph_svg(record_graph(y, names={"y": y, "x": x}, saved=True), anchor="a"))
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None and desc is not None
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"] == title.attrib["id"]
    assert svg.attrib["aria-describedby"] == desc.attrib["id"]
    assert title.text == "Autograd graph of y"
    assert desc.text == (
        "y (2,) leads to MulBackward0. MulBackward0 leads to ExpBackward0, x (2,) and keeps "
        "_saved_other = x (2,), _saved_self (2,). ExpBackward0 leads to x (2,) and keeps "
        "_saved_result (2,)."
    )


def test_equal_names_are_numbered_and_outputs_told() -> None:
    graph = Graph(
        "y",
        (Node("n0", "root", "y", "()"), *(Node(f"n{i}", "function", "F") for i in (1, 2))),
        (Edge("n0", "n1", 1), Edge("n1", "n2")),
    )
    svg = graph_svg(graph, anchor="a")
    assert "y () leads to output 1 of F #1. F #1 leads to F #2." in svg
    assert ">[1]</text>" in svg


def test_kinds_differ_by_shape_and_line_not_by_colour_alone() -> None:
    kinds = ("root", "function", "leaf", "saved", "lost", "cut")
    graph = Graph("t", tuple(Node(f"n{i}", kind, "a") for i, kind in enumerate(kinds)), ())  # type: ignore[arg-type]
    svg = graph_svg(graph, anchor="a")
    groups = {g.attrib["class"]: g for g in ET.fromstring(svg).iter(f"{SVG}g")}
    assert len(groups["root"].findall(f"{SVG}rect")) == 2
    radius = {kind: groups[kind].find(f"{SVG}rect").attrib["rx"] for kind in ("function", "leaf")}  # type: ignore[union-attr]
    assert radius == {"function": "3", "leaf": "13"}
    assert groups["cut"].find(f"{SVG}circle") is not None
    assert groups["saved"].find(f"{SVG}path") is not None
    for kind, dashes in (("saved", "5 3"), ("lost", "1.5 3")):
        assert re.search(rf"\.{kind} \.box{{[^}}]*stroke-dasharray:{dashes}", svg)


def test_labels_are_escaped_and_fit_their_boxes() -> None:
    graph = Graph(
        "<&>", (Node("n0", "leaf", "d['<&>']", "(2,)"), Node("n1", "leaf", "权重" * 8)), ()
    )
    svg = ET.fromstring(graph_svg(graph, anchor="a"))
    assert "d['<&>']" in [text.text for text in svg.iter(f"{SVG}text")]
    widths = [float(rect.attrib["width"]) for rect in svg.iter(f"{SVG}rect")]
    assert widths[1] > 16 * 12


def test_one_graph_drawn_twice_has_the_ids_of_two_drawings() -> None:
    graph = Graph("t", (Node("n0", "root", "a"),), ())
    one, other = (graph_svg(graph, anchor=anchor) for anchor in ("drawing-1", "drawing-2"))
    ids = re.findall(r' id="([^"]+)"', one + other)
    assert len(set(ids)) == len(ids) == 6
    for drawn, anchor in ((one, "drawing-1"), (other, "drawing-2")):
        own = set(re.findall(r' id="([^"]+)"', drawn))
        assert set(re.findall(r'aria-(?:labelled|described)by="([^"]+)"', drawn)) <= own
        assert set(re.findall(r"#(drawing-\d)", drawn)) == {anchor}


def test_two_processes_draw_the_same_bytes() -> None:
    code = (
        f"{ENCODER}\nfrom torchproof.pictures.autograd_graph import record_graph\n"
        "from torchproof.pictures.svg import graph_svg\n"
        "graph = record_graph(loss, names=dict(globals()), saved=True)\n"
        "print(graph_svg(graph, anchor='a'))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    assert b"layer.self_attn.in_proj_weight" in first


def test_deep_chain_is_drawn() -> None:
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(5000):
        y = y * x
    assert graph_svg(record_graph(y, names={"y": y, "x": x}), anchor="a").count("<rect") == 5003


def test_module_graph_reads_from_root_to_leaves() -> None:
    model = nn.Linear(2, 1)
    loss = model(torch.ones(1, 2)).sum()
    svg = graph_svg(record_graph(loss, names={"loss": loss, "model": model}), anchor="a")
    root, leaf = svg.index(">loss</text>"), svg.index(">model.weight</text>")
    assert root < leaf
    assert "currentColor" in svg and "--color-foreground-primary" in svg
