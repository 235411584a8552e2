"""
Micro-batches train like one large batch if the loss is divided
===============================================================

A batch does not fit into memory. Can it be cut into pieces without changing the training? Yes:
:py:attr:`torch.Tensor.grad` adds up over backward passes, so the pieces give the gradient of the
whole, once each mean loss is divided by the number of pieces. The exception is a layer that looks
across the batch.
"""

# %%
# Data and model
# --------------
#
# A curve with 32 points and a small network whose starting weights are written down. Every fourth
# point goes into the same piece.

import matplotlib.pyplot as plt
import torch
from torch import nn

PIECES = 4
order = torch.arange(32).view(-1, PIECES).T.flatten()
x = torch.linspace(-2.0, 2.0, 32).unsqueeze(1)[order]
y = torch.sin(x) + 0.1 * torch.cos(37 * x)


def make_model(middle):
    """Return a network with ``middle`` inside and weights that depend on their position only."""
    model = nn.Sequential(nn.Linear(1, 16), middle, nn.Tanh(), nn.Linear(16, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            count = torch.arange(parameter.numel()).view_as(parameter)
            parameter.copy_(torch.sin(3.0 * count + 1.0))
    return model


# %%
# The same gradient
# -----------------
#
# Each piece gets a backward pass of its own, and its graph is gone before the next one starts.
# Each dot below is one parameter: divided, the gradients lie on the diagonal; undivided, they are
# four times as large.


def run_backward(model, pieces, divide=True):
    """Fill ``.grad`` from the mean squared error over ``pieces`` micro-batches."""
    for part_x, part_y in zip(x.chunk(pieces), y.chunk(pieces), strict=True):
        loss = nn.functional.mse_loss(model(part_x), part_y)
        (loss / pieces if divide else loss).backward()


def gradient(model, pieces, divide=True):
    """Return the gradient of all parameters as one vector."""
    model.zero_grad()
    run_backward(model, pieces, divide)
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


model = make_model(nn.Identity())
whole, cut, undivided = (
    gradient(model, 1),
    gradient(model, PIECES),
    gradient(model, PIECES, divide=False),
)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.axline((0, 0), slope=1, color="0.8", lw=1, zorder=0)
ax.plot(
    whole.cpu(), undivided.cpu(), "o", color="tab:orange", ms=4, label="4 pieces, loss not divided"
)
ax.plot(whole.cpu(), cut.cpu(), "o", color="tab:blue", ms=4, label="4 pieces, loss divided by 4")
ax.set(
    xlabel="gradient from one batch of 32",
    ylabel="gradient added up",
    title="Divided, the gradients agree",
)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The same training
# -----------------
#
# One :py:meth:`torch.optim.Optimizer.step` after all pieces, then
# :py:meth:`torch.optim.Optimizer.zero_grad`. Without the division the steps are four times as
# long, here too long to converge.


def train(pieces, divide=True):
    """Return the loss over all data before each of 12 steps."""
    model = make_model(nn.Identity())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06)
    losses = []
    for _ in range(12):
        with torch.no_grad():
            losses.append(nn.functional.mse_loss(model(x), y).item())
        run_backward(model, pieces, divide)
        optimizer.step()
        optimizer.zero_grad()
    return losses


losses = {"whole": train(1), "cut": train(PIECES), "undivided": train(PIECES, divide=False)}

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(
    losses["undivided"], "o-", color="tab:orange", lw=2, ms=4, label="4 pieces, loss not divided"
)
ax.plot(losses["whole"], color="0.75", lw=8, label="one batch of 32")
ax.plot(losses["cut"], "o--", color="tab:blue", lw=2, ms=4, label="4 pieces, loss divided by 4")
ax.set(
    xlabel="step",
    ylabel="loss",
    yscale="log",
    ylim=(0.05, 2e3),
    title="Four micro-batches follow the large batch",
)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The gradients and the losses agree up to rounding. With a BatchNorm inside they do not: each
# piece is normalised by its own statistics. The entry of :py:meth:`torch.Tensor.backward` says
# what a pass writes.

torch.testing.assert_close(cut, whole, rtol=1e-4, atol=1e-5)
torch.testing.assert_close(undivided, PIECES * whole, rtol=1e-4, atol=1e-4)
torch.testing.assert_close(
    torch.tensor(losses["cut"]), torch.tensor(losses["whole"]), rtol=1e-3, atol=1e-3
)
assert losses["whole"][-1] < 0.5 and losses["undivided"][-1] > 100

normed = make_model(nn.BatchNorm1d(16))
assert (gradient(normed, 1) - gradient(normed, PIECES)).abs().max() > 0.01
