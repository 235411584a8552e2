"""What the recorded graph of real tensors looks like as data."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

from torchproof.pictures.autograd_graph import NoGraph, record_graph
from torchproof.pictures.kinds import Graph


def labels(graph: Graph, kind: str) -> list[tuple[str, str]]:
    return [(node.label, node.detail) for node in graph.nodes if node.kind == kind]


def steps(graph: Graph) -> list[tuple[str, str]]:
    label = {node.key: node.label for node in graph.nodes}
    return [(label[edge.source], label[edge.target]) for edge in graph.edges]


def test_names_come_from_variables_modules_and_containers() -> None:
    model = nn.Sequential(nn.Linear(3, 2))
    scale = torch.ones(2, requires_grad=True)
    shifts = [torch.ones(2, requires_grad=True)]
    extra = {"gain": torch.ones(2, requires_grad=True)}
    hidden = model(torch.ones(1, 3))
    loss = (hidden * scale + shifts[0] * extra["gain"] * torch.ones(2, requires_grad=True)).sum()
    graph = record_graph(loss, names=locals())
    assert labels(graph, "root") == [("loss", "()")]
    assert sorted(labels(graph, "leaf")) == [
        ("extra['gain']", "(2,)"),
        ("leaf", "(2,)"),
        ("model.0.bias", "(2,)"),
        ("model.0.weight", "(2, 3)"),
        ("scale", "(2,)"),
        ("shifts[0]", "(2,)"),
    ]
    assert ("AddmmBackward0", "hidden") in labels(graph, "function")
    assert ("SumBackward0", "") in labels(graph, "function")


def test_parameters_are_named_after_their_module_and_the_first_name_wins() -> None:
    layer = nn.Linear(2, 2, bias=False)
    names = {"_hidden": layer, "p": layer.weight, "layer": layer, "model": nn.Sequential(layer)}
    graph = record_graph(layer(torch.ones(1, 2)), names=names)
    assert labels(graph, "leaf") == [("layer.weight", "(2, 2)")]
    assert labels(graph, "root") == [("output", "(1, 2)")]


def test_leaf_used_twice_is_one_node_with_two_edges() -> None:
    x = torch.ones(2, requires_grad=True)
    graph = record_graph(x * x, names={"x": x})
    assert steps(graph) == [
        ("output", "MulBackward0"),
        ("MulBackward0", "x"),
        ("MulBackward0", "x"),
    ]


def test_saved_tensors_are_shown_until_backward_frees_them() -> None:
    x = torch.ones(3, requires_grad=True)
    y = (x * torch.full((3,), 2.0)).exp()
    loss = y.sum()
    names = {"x": x, "y": y, "loss": loss}
    assert not labels(record_graph(loss, names=names), "saved")
    before = record_graph(loss, names=names, saved=True)
    assert labels(before, "saved") == [("_saved_result = y", "(3,)"), ("_saved_other", "(3,)")]
    loss.backward()  # type: ignore[no-untyped-call]
    after = record_graph(loss, names=names, saved=True)
    assert not labels(after, "saved")
    assert labels(after, "lost") == [("_saved_result", "freed"), ("_saved_other", "freed")]


def test_saved_tensor_modified_in_place_is_lost() -> None:
    y = torch.ones(2, requires_grad=True).exp()
    z = y * 1
    y.detach().zero_()
    assert labels(record_graph(z, names={}, saved=True), "lost") == [
        ("_saved_result", "modified in place")
    ]


def test_failure_of_an_unpack_hook_is_not_hidden() -> None:
    def unpack(_: Any) -> Any:
        raise RuntimeError("unpack failed")

    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, unpack):
        y = torch.ones(2, requires_grad=True).exp()
    with pytest.raises(RuntimeError, match="unpack failed"):
        record_graph(y, names={}, saved=True)


def test_detach_cuts_the_graph() -> None:
    w = torch.ones(2, requires_grad=True)
    graph = record_graph(w.detach() * w, names={"w": w})
    assert steps(graph)[1:] == [("MulBackward0", "w"), ("MulBackward0", "no grad")]
    assert labels(record_graph(torch.cat([w, w.detach(), w.detach()]), names={}), "cut") == [
        ("no grad", "(2)")
    ]


def test_custom_function_with_its_saved_tensors() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.variable = "not AccumulateGrad"
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * gradients[0]

    x = torch.ones(2, requires_grad=True)
    y: torch.Tensor = Square.apply(x)  # type: ignore[no-untyped-call]
    graph = record_graph(y, names={"x": x}, saved=True)
    assert labels(graph, "function") == [("SquareBackward", "")]
    assert labels(graph, "saved") == [("saved_tensors[0] = x", "(2,)")]


def test_outputs_are_numbered_where_a_function_has_several() -> None:
    x = torch.ones(2, 2, requires_grad=True)
    first, second = x.unbind()
    graph = record_graph(first * second, names={"x": x, "first": first, "second": second})
    assert [edge.output for edge in graph.edges] == [None, 0, 1, None]
    assert ("UnbindBackward0", "first, second") in labels(graph, "function")


def test_view_changed_in_place() -> None:
    x = torch.ones(2, requires_grad=True)
    base = torch.zeros(4)
    base[1:3] = x
    assert ("CopySlices", "base") in labels(
        record_graph(base.sum(), names={"base": base}), "function"
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (torch.ones(2), r"`loss` records no graph: it has no grad_fn; no input .* requires grad"),
        (torch.ones(2, requires_grad=True), r"`loss` records no graph: .*; it is a leaf; name a"),
        (1.5, r"`loss` records no graph: it is a float, not a tensor"),
    ],
)
def test_value_without_graph_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(NoGraph, match=reason) as refusal:
        record_graph(value, names={"loss": value})
    assert isinstance(refusal.value, ValueError)


def test_deep_chain_does_not_recurse() -> None:
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(5000):
        y = y + 1
    graph = record_graph(y, names={"x": x})
    assert len(labels(graph, "function")) == 5000
    assert labels(graph, "leaf") == [("x", "(1,)")]


def test_import_needs_no_torch() -> None:
    code = "import sys, torchproof.pictures.autograd_graph; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
