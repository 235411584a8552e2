"""
A gradient for each sample takes one call, not one for each
===========================================================

The gradient of a batch is a mean; which sample pulls how strongly is lost in it. Does it take a
loop to see them one by one? No: :py:func:`torch.func.vmap` over :py:func:`torch.func.grad` of a
:py:func:`torch.func.functional_call` gives them in one call, equal to those of the loop. The
sample with a wrong label stands out.
"""

# %%
# Data with one wrong label
# -------------------------
#
# A network learns a curve of 24 points. One label has the wrong sign.

from unittest import mock

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

POINTS, WRONG, WIDTH = 24, 17, 8
x = torch.linspace(-2.0, 2.0, POINTS)[:, None]
y = torch.sin(2.0 * x)
y[WRONG] *= -1

model = nn.Sequential(nn.Linear(1, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))
with torch.no_grad():
    for parameter in model.parameters():
        place = torch.arange(parameter.numel()).view_as(parameter)
        parameter.copy_(torch.sin(3.0 * place + 1.0))

optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for _ in range(150):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()

# %%
# First way: a loop
# -----------------
#
# A forward and a backward pass for each sample, with :py:func:`torch.autograd.grad`.

parameters = dict(model.named_parameters())


def by_loop(x, y):
    """Return a gradient for each sample, by the name of its parameter."""
    rows = []
    for point, label in zip(x, y, strict=True):
        loss = nn.functional.mse_loss(model(point), label)
        rows.append(torch.autograd.grad(loss, list(parameters.values())))
    return dict(zip(parameters, map(torch.stack, zip(*rows, strict=True)), strict=True))


# %%
# Second way: vmap
# ----------------
#
# The loss of one sample is a function of the parameters. ``grad`` makes its gradient a function,
# ``vmap`` gives that function a batch dimension.


def loss_of_one(parameters, point, label):
    """Return the loss of one sample."""
    return nn.functional.mse_loss(functional_call(model, parameters, (point,)), label)


def by_vmap(x, y):
    """Return a gradient for each sample, by the name of its parameter."""
    fixed = {name: parameter.detach() for name, parameter in parameters.items()}
    return vmap(grad(loss_of_one), in_dims=(None, 0, 0))(fixed, x, y)


# %%
# What the two ways call
# ----------------------
#
# A hook counts calls of the model. A mock counts runs of the engine that walks a graph; it stands
# behind :py:func:`torch.autograd.grad` and behind ``grad``.


def count(way, size):
    """Return how often ``way`` calls the model and runs the engine, and the gradients."""
    calls = []
    handle = model.register_forward_pre_hook(lambda *_: calls.append(1))
    run = torch.autograd._engine_run_backward
    with mock.patch.object(torch.autograd, "_engine_run_backward", wraps=run) as engine:
        result = way(x[:size], y[:size])
    handle.remove()
    return len(calls), engine.call_count, result


*looped_calls, looped = count(by_loop, POINTS)
*mapped_calls, mapped = count(by_vmap, POINTS)
print("loop:", looped_calls, "vmap:", mapped_calls)

# %%
# Which sample pulls most
# -----------------------
#
# The length of each sample's gradient, over the parameters together. The fit gave up on the wrong
# label, but its gradient is by far the longest.

norms = torch.cat([g.flatten(1) for g in mapped.values()], 1).norm(dim=1).tolist()
found = norms.index(max(norms))

fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
colors = ["tab:orange" if index == found else "tab:blue" for index in range(POINTS)]
at = x.flatten().tolist()
left.plot(at, model(x).flatten().tolist(), color="0.6", lw=2, zorder=1)
left.scatter(at, y.flatten().tolist(), c=colors, s=25)
left.annotate(
    "wrong label", (at[WRONG], y[WRONG].item()), (-6, -3), textcoords="offset points", ha="right"
)
left.set(xlabel="x", title="Labels and fit")
right.bar(range(POINTS), norms, color=colors)
right.set(xlabel="sample", ylabel="length", title="Gradient of each sample")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The values are equal up to rounding, and their mean is the gradient of the batch. Read on at
# :py:func:`torch.func.functional_call` and :py:func:`torch.autograd.grad`.

batch = nn.functional.mse_loss(model(x), y)
whole = dict(zip(parameters, torch.autograd.grad(batch, list(parameters.values())), strict=True))
for name, parameter in parameters.items():
    assert mapped[name].shape == looped[name].shape == (POINTS, *parameter.shape)
    assert not mapped[name].requires_grad
    torch.testing.assert_close(mapped[name], looped[name], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mapped[name].mean(0), whole[name], rtol=1e-4, atol=1e-5)
assert looped_calls == [POINTS, POINTS] and mapped_calls == [1, 1]
assert count(by_vmap, 3)[:2] == (1, 1) and count(by_loop, 3)[:2] == (3, 3)
assert found == WRONG and norms[found] > 2 * sorted(norms)[-2]
