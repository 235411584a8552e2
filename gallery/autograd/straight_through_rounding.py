"""
Rounded weights learn if the gradient goes straight through the rounding
========================================================================

Rounding has the derivative 0, so a network whose weights are rounded gets no gradient at all. What
can it be trained with? With a rounding that is a step on the way forward and the identity on the
way back: one line with ``detach``, or a function of your own that stops at the edge of the range.
"""

# %%
# Weights on a coarse grid
# ------------------------
#
# Each weight is one of nine values, from -2 to 2 in steps of 0.5. The network has to fit a curve
# with them.

import matplotlib.pyplot as plt
import torch
from torch.autograd import Function

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

STEP, EDGE = 0.5, 2.0
x = torch.linspace(-2, 2, 64).unsqueeze(1)
y = torch.sin(2 * x) + 0.3 * x


def plain(weight):
    """Round to the grid."""
    return STEP * torch.round(weight.clamp(-EDGE, EDGE) / STEP)


def straight_through(weight):
    """Round forward, pass the gradient on backward: the difference is a constant for autograd."""
    return weight + (plain(weight) - weight).detach()


class InRange(Function):
    """Round forward; backward pass the gradient on within the range, and 0 outside."""

    @staticmethod
    def forward(ctx, weight):
        """Round to the grid."""
        ctx.save_for_backward(weight)
        return plain(weight)

    @staticmethod
    def backward(ctx, grad):
        """Pass on what is within the range."""
        (weight,) = ctx.saved_tensors
        return grad * (weight.abs() <= EDGE)


# %%
# Value and gradient
# ------------------
#
# One staircase, three derivatives. All three go forward alike; they differ in what they send back.

ways = {"round": plain, "straight through": straight_through, "within the range": InRange.apply}
grid = torch.linspace(-3, 3, 241)
stairs, slopes = {}, {}
for name, way in ways.items():
    weight = grid.clone().requires_grad_()
    stairs[name] = way(weight)
    stairs[name].sum().backward()
    slopes[name] = weight.grad

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
colors = {"round": "0.5", "straight through": "tab:orange", "within the range": "tab:blue"}
widths = {"round": 5, "straight through": 5, "within the range": 2}
ax.plot(grid.cpu(), stairs["round"].detach().cpu(), color="black", lw=1.5)
ax.set(xlabel="weight", ylabel="rounded weight", title="Forward: all three")
for name, slope in slopes.items():
    bx.plot(grid.cpu(), slope.cpu(), color=colors[name], lw=widths[name], label=name)
bx.set(xlabel="weight", ylabel="gradient", title="Backward", ylim=(-0.1, 1.8))
bx.legend(frameon=False, fontsize=9, loc="upper left")
plt.show()

# %%
# Training with rounded weights
# -----------------------------
#
# The optimizer moves the full weights, the network uses the rounded ones. The grey line is the
# usual short cut: train as ever, round in the end.

WIDTH, STEPS = 32, 150


def make_weights():
    """Return two layers of weights that depend on their position only."""
    shapes = [(WIDTH, 1), (WIDTH,), (1, WIDTH)]
    return [
        (1.2 * torch.sin(5.0 * torch.arange(torch.Size(s).numel()) + 1.0)).view(s).requires_grad_()
        for s in shapes
    ]


def loss_of(weights, way):
    """Return the loss of the network with its weights treated by ``way``."""
    first, bias, second = (way(weight) for weight in weights)
    return (torch.tanh(x @ first.T + bias) @ second.T / 4 - y).square().mean()


def train(way):
    """Return the weights, and the loss with rounded weights after each step."""
    weights = make_weights()
    optimizer = torch.optim.Adam(weights, lr=0.1)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(weights, way).backward()
        optimizer.step()
        with torch.no_grad():
            losses.append(loss_of(weights, plain).item())
    return weights, losses


runs = {
    name: train(way) for name, way in {"trained in full": lambda weight: weight, **ways}.items()
}
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, (_, losses) in runs.items():
    ax.semilogy(losses, color=colors.get(name, "tab:green"), lw=widths.get(name, 2), label=name)
ax.set(xlabel="step", ylabel="loss with rounded weights", title="Nine values for each weight")
ax.legend(frameon=False, fontsize=9, ncols=2)
plt.show()

# %%
# What was seen
# -------------
#
# With plain rounding no weight moved. Straight through, the rounded network is better than one that
# was rounded in the end. The entry of :py:meth:`torch.Tensor.detach` explains the one line, that of
# :py:class:`torch.autograd.Function` the class.

for stair in stairs.values():
    torch.testing.assert_close(stair, stairs["round"], rtol=0, atol=1e-6)
assert slopes["round"].count_nonzero() == 0
assert (slopes["straight through"] == 1).all()
assert torch.equal(slopes["within the range"], (grid.abs() <= EDGE).float())
for weight, start in zip(runs["round"][0], make_weights(), strict=True):
    assert torch.equal(weight, start)
best = {name: min(losses[-50:]) for name, (_, losses) in runs.items()}
print({name: round(loss, 2) for name, loss in best.items()})
assert best["straight through"] < 0.5 * best["trained in full"]
assert best["within the range"] < 0.5 * best["trained in full"]
largest = {name: max(w.abs().max().item() for w in runs[name][0]) for name in ways}
assert largest["within the range"] < 0.8 * largest["straight through"]
