"""The nested list of a module: what it owns, in order, and what stands there a second time."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from torchproof.pictures.lists import tree_html, tree_markdown
from torchproof.pictures.module_tree import record_tree


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3))
        self.tied = nn.Linear(2, 3, bias=False)
        self.tied.weight = self.body.get_parameter("0.weight")
        self.again = self.body
        self.register_module("absent", None)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)
        self.register_buffer("mask", torch.ones(3), persistent=False)


def lines(html: str) -> list[str]:
    """Return the items of the list, indented as they are nested."""
    found, depth = [], -1
    for part in re.split(r"(<ul[^>]*>|</ul>)", html):
        if part.startswith("<ul"):
            depth += 1
        elif part == "</ul>":
            depth -= 1
        for item in re.findall(r"<li[^>]*>(.*?)(?=<li|</li>|$)", part):
            text = re.sub(r"<[^>]+>", "", item).strip()
            found.append("  " * depth + text)
    return found


def test_tree_holds_everything_in_order() -> None:
    assert lines(tree_html(record_tree(Net(), name="net"))) == [
        "net Net",
        "  scale parameter scalar, frozen",
        "  mask buffer 3, not saved",
        "  body Sequential",
        "    0 Linear",
        "      weight parameter 3 × 2",
        "      bias parameter None",
        "    1 BatchNorm1d",
        "      weight parameter 3",
        "      bias parameter 3",
        "      running_mean buffer 3",
        "      running_var buffer 3",
        "      num_batches_tracked buffer scalar int64",
        "  tied Linear",
        "    weight parameter 3 × 2 is body.0.weight",
        "    bias parameter None",
        "  again Sequential is body",
        "  absent module None",
    ]


def test_markdown_of_a_tree_says_what_its_html_does() -> None:
    tree = record_tree(Net(), name="net")
    shown = [re.sub(r"^( *)", r"\1- ", line) for line in lines(tree_html(tree))]
    assert tree_markdown(tree).splitlines() == shown


def test_lazy_parameters_have_no_shape() -> None:
    lazy = nn.LazyLinear(2, bias=False)
    assert "  weight parameter not initialized" in lines(tree_html(record_tree(lazy, name="lazy")))


def test_names_are_escaped() -> None:
    module = nn.Module()
    module.add_module("a<b", nn.Module())
    assert "<code>a&lt;b</code>" in tree_html(record_tree(module, name="module"))


def test_only_modules_have_a_tree() -> None:
    with pytest.raises(TypeError, match=r"^`x` is no module: Tensor$"):
        record_tree(torch.ones(1), name="x")  # type: ignore[arg-type]
