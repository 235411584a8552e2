"""
Layers in a plain list are not trained
======================================

What does a model lose when its layers stand in a Python list instead of a ``ModuleList``? It still computes, and its
gradients are still filled; but ``parameters()`` does not reach the layers, so the optimizer leaves them as they were.
No warning tells you: the loss goes down a little, by what the registered rest can do.
"""

# %%
# One model, two containers
# -------------------------
#
# The hidden layers go into what ``container`` makes: assignment registers a ``ModuleList``, and keeps a list as a plain
# attribute (:py:meth:`torch.nn.Module.__setattr__`). All weights start from fixed values.

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn

STEPS = 300
x = torch.linspace(-1, 1, 32).unsqueeze(1)
y = torch.sin(3 * x)


class Net(nn.Module):
    def __init__(self, container):
        super().__init__()
        self.hidden = container([nn.Linear(1, 12), nn.Linear(12, 12)])
        self.out = nn.Linear(12, 1)
        for layer in [*self.hidden, self.out]:
            fill(layer)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x)


@torch.no_grad()
def fill(layer):
    """Give the weights fixed values between -0.3 and 0.3."""
    for parameter in layer.parameters():
        waves = torch.sin(torch.arange(1.0, parameter.numel() + 1) ** 2)
        parameter.copy_(0.3 * waves.view_as(parameter))


def train(net):
    """Return the losses, and by layer the largest change of a weight."""
    layers = {"hidden 0": net.hidden[0], "hidden 1": net.hidden[1], "out": net.out}
    before = {name: layer.weight.detach().clone() for name, layer in layers.items()}
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(STEPS):
        loss = (net(x) - y).square().mean()
        losses.append(loss.item())
        net.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, {name: (layer.weight - before[name]).abs().max().item() for name, layer in layers.items()}


# %%
# What each model knows of itself
# -------------------------------
#
# The first counts 193 parameters, the second 13.

nets = {"ModuleList": Net(nn.ModuleList), "list": Net(list)}
counts = {name: sum(p.numel() for p in net.parameters()) for name, net in nets.items()}
for name, net in nets.items():
    print(f"{name:11} {counts[name]:4} parameters, state_dict: {', '.join(net.state_dict())}")

with warnings.catch_warnings():
    warnings.simplefilter("error")
    results = {name: train(net) for name, net in nets.items()}

# %%
# The losses
# ----------
#
# Both start from the same loss. With the list, the output layer learns and the hidden layers do not.

COLORS = {"ModuleList": "tab:blue", "list": "tab:orange"}
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, (losses, _) in results.items():
    ax.plot(losses, color=COLORS[name], lw=2.5, label=f"{name}: {counts[name]} parameters")
ax.set(xlabel="step", ylabel="loss", title="The same layers, held by two containers", yscale="log")
ax.legend(frameon=False, loc="lower left")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Which layers moved
# ------------------
#
# The gradients of the hidden layers are there in both models. In the second the optimizer does not read them, and
# :py:meth:`torch.nn.Module.zero_grad` does not clear them: they add up over the steps.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for offset, (name, (_, changes)) in zip((-0.2, 0.2), results.items(), strict=True):
    places = [place + offset for place in range(len(changes))]
    bars = ax.bar(places, list(changes.values()), width=0.38, color=COLORS[name], label=name)
    ax.bar_label(bars, fmt="{:.2f}")
ax.set_xticks(range(len(changes)), list(changes))
ax.set(ylabel="largest change of a weight", title="A plain list hides its layers from the optimizer")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Put modules into a ``ModuleList`` or ``ModuleDict``, parameters into a ``ParameterList`` or ``ParameterDict``. The
# entry of :py:meth:`torch.nn.Module.__setattr__` lists what assignment registers.

losses, changes = results["ModuleList"]
plain_losses, plain_changes = results["list"]
assert counts == {"ModuleList": 193, "list": 13}
assert plain_losses[0] == losses[0]
assert losses[-1] < 0.1 * plain_losses[-1] < 0.1 * plain_losses[0]
assert min(changes.values()) > 0.1
assert plain_changes["hidden 0"] == plain_changes["hidden 1"] == 0.0 and plain_changes["out"] > 0.1
first, plain_first = nets["ModuleList"].hidden[0].weight, nets["list"].hidden[0].weight
assert plain_first.grad.abs().max() > 100 * first.grad.abs().max()
assert "hidden.0.weight" in nets["ModuleList"].state_dict() and list(nets["list"].state_dict())[0] == "out.weight"
