"""
A gradient penalty trains only with create_graph=True, and says nothing without it
==================================================================================

A Wasserstein critic shall have slopes near 1. The usual way is a penalty on the gradient with
respect to the input: a gradient inside of a loss. What does it need? ``create_graph=True``, or the
penalty is a number that no weight is blamed for, and the sum with the other loss hides it.
"""

# %%
# A critic for two clusters
# -------------------------
#
# It shall give high values to real points and low values to fake ones. Without a bound the
# difference of the two means grows as long as one trains.

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

STEPS, WEIGHT = 100, 5.0
spread = torch.linspace(-0.3, 0.3, 32)
real, fake = (spread + 1.0).unsqueeze(1), (spread - 1.0).unsqueeze(1)
between = torch.linspace(-1.3, 1.3, 53).unsqueeze(1)


def make_critic():
    """Return a network whose weights depend on their position only."""
    critic = nn.Sequential(
        nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)
    )
    with torch.no_grad():
        for p in critic.parameters():
            p.copy_(0.5 * torch.sin(3.0 * torch.arange(p.numel()) + 1.0).view_as(p))
    return critic


# %%
# The penalty
# -----------
#
# The gradient of the critic at points between the clusters, from :py:func:`torch.autograd.grad`.
# The points need ``requires_grad``; summing first gives each point its own gradient, as no point
# depends on another.


def penalty(critic, create_graph=True):
    """Return the mean squared distance of the slopes from 1."""
    points = between.clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)
    return (slope.norm(dim=1) - 1).square().mean()


small = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1))
value = penalty(small)
# torchproof: graph value

# %%
# Three trainings
# ---------------
#
# Without the penalty, with it, and with a penalty that was computed without ``create_graph``. The
# third runs without a complaint.


def train(penalty_of):
    """Return the critic after training."""
    critic = make_critic()
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.02)
    for _ in range(STEPS):
        loss = critic(fake).mean() - critic(real).mean() + WEIGHT * penalty_of(critic)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return critic


penalties = {
    "no penalty": lambda critic: 0.0,
    "without create_graph": lambda critic: penalty(critic, create_graph=False),
    "with create_graph": penalty,
}
critics = {name: train(penalty_of) for name, penalty_of in penalties.items()}


def slopes(critic):
    """Return the slope of a critic at each point between the clusters."""
    points = between.clone().requires_grad_()
    return torch.autograd.grad(critic(points).sum(), points)[0].abs().flatten()


steepest = {name: slopes(critic).max().item() for name, critic in critics.items()}
for name, slope in steepest.items():
    print(f"{name:21} steepest slope {slope:6.2f}")

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
colors = {
    "no penalty": "0.7",
    "without create_graph": "tab:orange",
    "with create_graph": "tab:blue",
}
for name, critic in critics.items():
    style = {"color": colors[name], "lw": 6 if name == "no penalty" else 2.2, "label": name}
    with torch.no_grad():
        ax.plot(between.flatten().cpu(), critic(between).flatten().cpu(), **style)
    bx.semilogy(between.flatten().cpu(), slopes(critic).cpu(), **style)
for axis in (ax, bx):
    axis.axvspan(-1.3, -0.7, color="0.95", zorder=0)
    axis.axvspan(0.7, 1.3, color="0.95", zorder=0)
ax.set(xlabel="x", ylabel="critic", title="Values (grey: fake and real)")
bx.axhline(1, color="0.4", lw=1, ls="--")
bx.set(xlabel="x", ylabel="slope", title="Slopes")
ax.legend(frameon=False, fontsize=8)
plt.show()

# %%
# What was seen
# -------------
#
# The penalty that was computed without a graph changes nothing, not one bit. Alone it would raise;
# in a sum it does not. The entry of :py:func:`torch.autograd.grad` explains ``create_graph``, and
# the script on functions of your own when a second derivative is wrong.

bits = {name: nn.utils.parameters_to_vector(c.parameters()) for name, c in critics.items()}
assert torch.equal(bits["no penalty"], bits["without create_graph"])
assert steepest["no penalty"] > 3
assert abs(steepest["with create_graph"] - 1) < 0.3
assert slopes(critics["with create_graph"]).min() > 0.5
critic = make_critic()
assert penalty(critic).requires_grad and not penalty(critic, create_graph=False).requires_grad
penalty(critic).backward()
weight, around = critic[0].weight, []
with torch.no_grad():
    for change in (1e-2, -2e-2):
        weight[0, 0] += change
        with torch.enable_grad():
            around.append(penalty(critic, create_graph=False).item())
slope = (around[0] - around[1]) / 2e-2
assert abs(slope - weight.grad[0, 0].item()) < 0.02 * weight.grad.abs().max()
try:
    penalty(critic, create_graph=False).backward()
except RuntimeError as error:
    assert "does not require grad" in str(error)
else:
    raise AssertionError("a penalty without a graph cannot be differentiated")
