"""
A frozen weight with an old gradient still moves
================================================

Does a weight stand still once it is frozen with :py:meth:`torch.nn.Module.requires_grad_`? Not if a gradient is left
from before: the optimizer does not read ``requires_grad``, it reads ``.grad``. A gradient of zeros keeps momentum and
weight decay at work. With ``None``, SGD leaves the weight alone; LBFGS moves it from its history.
"""

# %%
# Train, freeze, go on stepping
# -----------------------------
#
# One weight is trained for ten steps, then frozen. The optimizer, which also has the rest of the model, goes on: here
# only its ``step`` is called.

import matplotlib.pyplot as plt
import torch
from torch import nn

BEFORE, AFTER = 10, 30


def path(clear, **options):
    """Return the weight after each step, with its gradient treated by ``clear`` when it is frozen."""
    layer = nn.Linear(1, 1, bias=False)
    nn.init.ones_(layer.weight)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.02, **options)
    weights = [layer.weight.item()]
    for _ in range(BEFORE):
        optimizer.zero_grad()
        (-layer(torch.ones(1, 1))).sum().backward()
        optimizer.step()
        weights.append(layer.weight.item())
    layer.requires_grad_(False)
    clear(layer)
    for _ in range(AFTER):
        optimizer.step()
        weights.append(layer.weight.item())
    return weights


# %%
# Five ways to freeze it
# ----------------------
#
# :py:meth:`torch.nn.Module.zero_grad` clears the gradients of frozen parameters too; ``set_to_none`` decides what it
# leaves.


def keep(layer):
    pass


def zeros(layer):
    layer.zero_grad(set_to_none=False)


def none(layer):
    layer.zero_grad()


paths = {
    "old gradient": path(keep),
    "zeros": path(zeros),
    "zeros, momentum 0.8": path(zeros, momentum=0.8),
    "zeros, weight decay 2": path(zeros, weight_decay=2.0),
    "None, momentum 0.8": path(none, momentum=0.8),
}
for name, weights in paths.items():
    print(f"{name:22} {weights[BEFORE]:.3f} -> {weights[-1]:.3f}")

# %%
# The weight after freezing
# -------------------------
#
# Each line starts anew at the moment of freezing: what is drawn is how far the weight has moved since then.

colors = ["tab:orange", "0.6", "tab:purple", "tab:green", "tab:blue"]
shifts = [4, -14, -14, 20, 4]
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for (name, weights), color, shift in zip(paths.items(), colors, shifts, strict=True):
    moved = [weight - weights[BEFORE] for weight in weights[BEFORE:]]
    ax.plot(moved, color=color, lw=2.5)
    ax.annotate(name, (AFTER, moved[-1]), xytext=(-4, shift), textcoords="offset points", ha="right", color=color)
ax.set(xlabel="step after freezing", ylabel="movement of the weight", title="Frozen, and still moving")
ax.set(xlim=(0, AFTER), ylim=(-0.7, 0.75))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Freeze before the first backward pass, or call ``zero_grad()`` when you freeze. With LBFGS, build the optimizer anew
# without the frozen parameters. The entry of :py:meth:`torch.nn.Module.requires_grad_` stands beside the sections on
# freezing and the optimizer.

moved = {name: weights[-1] - weights[BEFORE] for name, weights in paths.items()}
assert abs(moved["old gradient"] - 0.02 * AFTER) < 1e-5
assert moved["zeros, momentum 0.8"] > 0.05
assert moved["zeros, weight decay 2"] < -0.1
for name in ["zeros", "None, momentum 0.8"]:
    assert set(paths[name][BEFORE:]) == {paths[name][BEFORE]}

a, b = nn.Parameter(torch.tensor(0.0)), nn.Parameter(torch.tensor(0.0))
lbfgs = torch.optim.LBFGS([a, b], lr=0.5, max_iter=1)


def closure():
    lbfgs.zero_grad()
    loss = (a - 1) ** 2 + (b - 2) ** 2 + a * b
    loss.backward()
    return loss


for _ in range(3):
    lbfgs.step(closure)
before = a.requires_grad_(False).item()
lbfgs.step(closure)
assert a.grad is None and abs(a.item() - before) > 0.05
