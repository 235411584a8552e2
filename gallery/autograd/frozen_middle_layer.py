"""
A frozen middle layer still passes gradients
============================================

Does a layer with ``requires_grad_(False)`` cut off what lies before it? No: the gradient of a
layer's input needs the layer's weight, not the weight's gradient. The layers before and after it
get the same gradients as ever. What does cut them off is :py:func:`torch.no_grad` around it.
"""

# %%
# Three layers, the middle one frozen
# -----------------------------------
#
# The graph goes through the middle layer to the first one. The frozen weight is no leaf of it, but
# is saved, for the way back; the frozen layer's input is not saved any more.

from contextlib import nullcontext

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH, STEPS = 6, 150
x = torch.linspace(-1.0, 1.0, 32)[:, None]
target = torch.sin(3.0 * x)


def make_model():
    """Return three layers with weights that depend on their position only."""
    sizes = {"first": (1, WIDTH), "middle": (WIDTH, WIDTH), "last": (WIDTH, 1)}
    model = nn.ModuleDict({name: nn.Linear(*size) for name, size in sizes.items()})
    with torch.no_grad():
        for parameter in model.parameters():
            place = torch.arange(parameter.numel()).view_as(parameter)
            parameter.copy_(0.5 * torch.sin(3.0 * place + 1.0))
    return model


def loss_of(model, block):
    """Return the loss; the middle layer runs under ``block``."""
    hidden = torch.tanh(model["first"](x))
    with block:
        hidden = model["middle"](hidden)
    return nn.functional.mse_loss(model["last"](torch.tanh(hidden)), target)


frozen = make_model()
frozen["middle"].requires_grad_(False)
loss = loss_of(frozen, nullcontext())
# torchproof: graph loss saved

# %%
# The same values
# ---------------
#
# One backward pass with the middle frozen, one with it trained. The first layer's gradients are
# equal to the bit, the middle's are missing.

trained = make_model()
loss.backward()
loss_of(trained, nullcontext()).backward()
wanted = {name: parameter.grad for name, parameter in trained.named_parameters()}
grads = {name: parameter.grad for name, parameter in frozen.named_parameters()}
same = [name for name, g in grads.items() if g is not None and torch.equal(g, wanted[name])]
print("the same:", same)
print("missing: ", [name for name, g in grads.items() if g is None])

# %%
# What no_grad does instead
# -------------------------
#
# The result of the middle layer has no history. The graph ends behind it, and the first layer gets
# no gradient.

cut = make_model()
loss = loss_of(cut, torch.no_grad())
# torchproof: graph loss

# %%
# Training
# --------
#
# The same steps in all three ways. With the middle frozen the first layer learns; under
# :py:func:`torch.no_grad` only the last one does, and nothing says so.

loss.backward()
cut_grads = {name: parameter.grad for name, parameter in cut.named_parameters()}
ways = {"all trained": trained, "middle frozen": frozen, "middle under no_grad": cut}
losses, moved, start = {}, {}, make_model()
for way, model in ways.items():
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.5)
    losses[way] = []
    for _ in range(STEPS):
        loss = loss_of(model, torch.no_grad() if model is cut else nullcontext())
        losses[way].append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    moved[way] = [(model[n].weight - start[n].weight).detach().norm().item() for n in model]

fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for at, (way, color) in enumerate(zip(ways, ["0.6", "tab:blue", "tab:orange"], strict=True)):
    left.plot(losses[way], color=color, lw=2, label=way)
    places = [place + 0.27 * (at - 1) for place in range(3)]
    bars = right.bar(places, moved[way], width=0.25, color=color)
    right.bar_label(bars, ["" if length else "0" for length in moved[way]], padding=1)
left.set(xlabel="step", ylabel="loss", title="Loss", ylim=(0, None))
left.legend(frameon=False)
right.set(xlabel="layer", ylabel="length of the change", title="How far the weights moved")
right.set_xticks(range(3), list(frozen))
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Freezing leaves out one layer, ``no_grad`` all that lies before it too. The last lines do the
# frozen layer's backward pass by hand: the gradient times the weight. Read on at
# :py:meth:`torch.nn.Module.requires_grad_` and :py:attr:`torch.Tensor.requires_grad`.

assert same == ["first.weight", "first.bias", "last.weight", "last.bias"]
assert [name for name, g in grads.items() if g is None] == ["middle.weight", "middle.bias"]
assert all(grad.abs().max() > 0 for grad in wanted.values())
assert {n for n, grad in cut_grads.items() if grad is not None} == {"last.weight", "last.bias"}
assert [length > 0 for length in moved["all trained"]] == [True, True, True]
assert [length > 0 for length in moved["middle frozen"]] == [True, False, True]
assert [length > 0 for length in moved["middle under no_grad"]] == [False, False, True]
assert losses["middle frozen"][-1] < 0.6 * losses["middle under no_grad"][-1]

hidden = torch.tanh(start["first"](x))
out = frozen["middle"](hidden)
assert out.grad_fn._saved_mat1 is None and out.grad_fn._saved_mat2 is not None
(passed_on,) = torch.autograd.grad(out.square().sum(), hidden)
torch.testing.assert_close(passed_on, 2 * out @ frozen["middle"].weight)
