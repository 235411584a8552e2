"""
LoRA as a parametrization: train 6 % of the weights, and merge them in the end
==============================================================================

A large layer shall be adapted without training its weight. Can that be done without a new class of
layer? A parametrization adds a product of two thin matrices to the weight; the layer stays a
``Linear``. The original is frozen, the thin matrices are trained and saved, and in the end they are
merged.
"""

# %%
# A low-rank addition
# -------------------
#
# The second matrix starts at zero, so that the layer computes what it did before. The task is made
# such that an addition of rank 1 would solve it.

import io

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.utils import parametrize

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
WIDTH, RANK = 128, 4


class LowRank(nn.Module):
    """Adds ``up @ down`` to a weight."""

    def __init__(self, rows, columns, rank):
        super().__init__()
        start = torch.sin(torch.arange(1.0, rank * columns + 1) ** 2) / columns**0.5
        self.down = nn.Parameter(start.view(rank, columns))
        self.up = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight):
        """Return the adapted weight."""
        return weight + self.up @ self.down


def make_model():
    """Return a model whose weights depend on their position only, as if it came from a file."""
    model = nn.Sequential(
        nn.Linear(4, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1)
    )
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.sin(torch.arange(p.numel()) ** 2 / 7.0).view_as(p) / p.shape[-1] ** 0.5)
    return model


def adapt(model):
    """Freeze the model, and give its middle layer a low-rank addition."""
    model.requires_grad_(False)
    parametrize.register_parametrization(model[2], "weight", LowRank(WIDTH, WIDTH, RANK))
    return model


x = torch.sin(torch.arange(256.0) ** 2 / 3).view(64, 4)
place, wanted = torch.arange(WIDTH), make_model()
with torch.no_grad():
    wanted[2].weight += 0.3 * torch.outer(torch.cos(place), torch.sin(2 * place))
    y = wanted(x)
model = adapt(make_model())
before = model(x).detach()
trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
counts = [sum(p.numel() for p in group) for group in (trained.values(), model.parameters())]
print(*trained, sep="\n")
print(f"{counts[0]} of {counts[1]} numbers are trained")

# %%
# Two trainings
# -------------
#
# The low-rank addition, and all weights of an equal model, with the same optimizer. The first steps
# of all weights together throw the model far from where it was.


def train(model):
    """Return the loss before each step; what does not require grad is left out."""
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.003)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


runs = {"low rank": train(model), "all": train(make_model())}
size = {"low rank": counts[0], "all": sum(p.numel() for p in make_model().parameters())}

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (name, losses), color in zip(runs.items(), ["tab:blue", "tab:orange"], strict=True):
    ax.semilogy(losses, color=color, lw=2, label=f"{name}: {size[name]} numbers")
ax.set(xlabel="step", ylabel="loss", title="Adapting one model")
ax.legend(frameon=False)
plt.show()

# %%
# Save the addition, merge it for use
# -----------------------------------
#
# The file of an adaptation has only what was trained. Merged, the layer is an ordinary ``Linear``
# again, with the names of the original and without the price of an addition at each call.

torch.save({name: model.state_dict()[name] for name in trained}, file := io.BytesIO())
file.seek(0)
other = adapt(make_model())
missing = other.load_state_dict(torch.load(file), strict=False)
adapted = model(x).detach()
same = other(x).detach()
parametrize.remove_parametrizations(model[2], "weight", leave_parametrized=True)
merged = model(x).detach()

# %%
# What was seen
# -------------
#
# Read on at :py:func:`torch.nn.utils.parametrize.register_parametrization` and
# :py:meth:`torch.nn.Module.load_state_dict`, which says what ``strict=False`` lets pass.

assert list(trained) == [f"2.parametrizations.weight.0.{name}" for name in ("down", "up")]
assert torch.equal(before, make_model()(x))
assert counts[0] == 2 * RANK * WIDTH and 0.05 < counts[0] / size["all"] < 0.06
assert type(model[2]) is nn.Linear and set(model.state_dict()) == set(make_model().state_dict())
torch.testing.assert_close(merged, adapted)
assert torch.equal(same, adapted) and not missing.unexpected_keys and missing.missing_keys
assert runs["low rank"][0] == runs["all"][0] > 3 * runs["low rank"][-1]
assert max(runs["all"]) > 5 * max(runs["low rank"])
assert torch.equal(other[2].parametrizations.weight.original, make_model()[2].weight)
