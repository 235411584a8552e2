"""What the names in a piece of code stand for."""

from __future__ import annotations

import inspect

import pytest
import torch
import visdom

from torchproof.api.code.uses import OF_OTHERS, uses
from torchproof.api.inventory import public_names

KNOWN = {name.qualified for area in public_names().values() for name in area} | {
    "torch.optim.Optimizer.zero_grad",
    "torch.nn.Sequential",
}
HEAD = "import torch\nimport visdom\nfrom torch import nn\n"


def found(code: str) -> dict[str, str]:
    """Return the linked texts of a piece of code with their names."""
    source = HEAD + code
    lines = source.split("\n")
    return {
        lines[use.line - 1][use.start : use.end]: use.name
        for use in uses(source, KNOWN)
        if use.line > HEAD.count("\n")
    }


@pytest.mark.parametrize(
    ("code", "linked"),
    [
        ("torch.autograd.grad(y, x)", {"torch.autograd.grad": "torch.autograd.grad"}),
        ("from torch.autograd import grad as g\ng(y)", {"grad": "torch.autograd.grad",
                                                        "g": "torch.autograd.grad"}),
        ("nn.Linear(1, 1).to('meta')", {"to": "torch.nn.Module.to"}),
        ("net = nn.ReLU()\nnet = net.eval()\nnet.to(1)", {"eval": "torch.nn.Module.eval",
                                                          "to": "torch.nn.Module.to"}),
        ("x = torch.ones(1)\n(x * 2).sum().backward()", {"backward": "torch.Tensor.backward"}),
        ("y = torch.ones(1)\ny += 1\ny.grad", {"grad": "torch.Tensor.grad"}),
        ("loss = nn.Linear(1, 1)(x).sum()\nloss.backward()", {"backward": "torch.Tensor.backward"}),
        ("vis = visdom.Visdom()\nvis.text('a')", {"visdom.Visdom": "visdom.Visdom",
                                                  "text": "visdom.Visdom.text"}),
        ("class Net(nn.Module):\n  def f(self):\n    self.train()",
         {"nn.Module": "torch.nn.Module", "train": "torch.nn.Module.train"}),
        ("class Net(nn.Module):\n  def f(self):\n    super().__init__()",
         {"nn.Module": "torch.nn.Module", "__init__": "torch.nn.Module.__init__"}),
        ("class F(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, x):\n"
         "    ctx.mark_dirty(x)\nF.apply(x)",
         {"torch.autograd.Function": "torch.autograd.Function",
          "mark_dirty": "torch.autograd.Function.mark_dirty",
          "apply": "torch.autograd.Function.apply"}),
        ("it.register_buffer('a', b)", {"register_buffer": "torch.nn.Module.register_buffer"}),
        ("torch.optim.SGD(p).zero_grad()", {"zero_grad": "torch.optim.Optimizer.zero_grad"}),
        ("é = 'ü'; é.zero_grad, torch.no_grad()", {"torch.no_grad": "torch.no_grad"}),
    ],
)  # fmt: skip
def test_what_is_certain_is_linked(code: str, linked: dict[str, str]) -> None:
    assert found(code) == linked


@pytest.mark.parametrize(
    "code",
    [
        "thing.to(1), thing.backward(), thing.grad, thing.text('a'), thing.zero_grad()",
        "x = torch.ones(1)\nx = nn.ReLU()\nx.to(1)",
        "def f(x):\n    x.backward()\nx = torch.ones(1)",
        "for x in torch.ones(2):\n    x.backward()",
        "x = torch.ones(1)\ntorch.ones(1).to('cpu')\nx.to(1)",
        "class Net:\n  def to(self): ...\nNet().to()",
        "axes.bar([1]); axes.plot([1]); figure.text('a')",
        "optimizer.state_dict()",
        "class Net(nn.Linear):\n  def f(self):\n    super().__init__(1, 1)",
        "class Store:\n  def register_buffer(self): ...\nthing.register_buffer()",
        "f'{torch.no_grad}'",
        "x = torch.ones(1)\ndef g():\n    global x\n    x = 3\nx.backward()",
        "this is no Python: torch.no_grad(",
    ],
)
def test_what_is_in_doubt_is_not(code: str) -> None:
    assert found(code) == {}


def test_a_method_that_the_class_defines_itself_is_not_that_of_module() -> None:
    own = "class Net(nn.ReLU):\n  def train(self): ...\nNet().train()\nNet().eval()"
    assert found(own) == {"eval": "torch.nn.Module.eval"}


def test_members_that_are_linked_without_a_type_belong_to_one_class() -> None:
    import matplotlib.axes
    import matplotlib.figure

    lasts = [name.rpartition(".")[2] for name in KNOWN]
    others = [
        *(
            torch.Tensor,
            torch.nn.Module,
            torch.optim.Optimizer,
            visdom.Visdom,
            torch.UntypedStorage,
        ),
        *(torch.optim.lr_scheduler.LRScheduler, torch.utils.data.DataLoader, torch.Generator),
        *(matplotlib.axes.Axes, matplotlib.figure.Figure, str, list, dict, set),
    ]
    owners = {torch.Tensor: "torch.Tensor", torch.nn.Module: "torch.nn.Module",
              visdom.Visdom: "visdom.Visdom"}  # fmt: skip
    for name in KNOWN:
        owner, _, last = name.rpartition(".")
        if lasts.count(last) == 1 and "_" in last.strip("_") and last not in OF_OTHERS:
            having = [
                cls.__name__
                for cls in others
                if owners.get(cls) != owner and inspect.getattr_static(cls, last, None) is not None
            ]
            assert not having, f"{name} is also a member of {having}"
