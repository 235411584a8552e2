"""
A best checkpoint kept without a copy is the last one
=====================================================

``best = model.state_dict()`` looks like a snapshot. It holds the memory of the model itself, so that each later step of
the optimizer changes it: what is restored at the end is the last state, and not the best one. ``copy.deepcopy`` makes it a
snapshot.
"""

# %%
# A run that gets worse
# ---------------------
#
# One weight, whose best value is 1. After ten steps the learning rate is far too large, and the run diverges.

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

STEPS = 16


def validate(model):
    """Return the loss of the model."""
    return (model(torch.ones(1, 1)) - 1).square().sum()


def train(keep):
    """Return the losses, and the loss of the kept state after each step."""
    model, probe = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.15)
    best_loss, best = float("inf"), {}
    losses, kept = [], []
    for step in range(STEPS + 1):
        loss = validate(model)
        losses.append(loss.item())
        if loss.item() < best_loss:
            best_loss, best = loss.item(), keep(model)
        probe.load_state_dict(best)
        kept.append(validate(probe).item())
        if step == 10:
            optimizer.param_groups[0]["lr"] = 1.8
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, kept


losses, alive = train(lambda model: model.state_dict())
_, copied = train(lambda model: copy.deepcopy(model.state_dict()))
print(f"best loss {min(losses):.6f}, kept without a copy {alive[-1]:.3f}, kept as a copy {copied[-1]:.6f}")

# %%
# What the kept state is worth, step by step
# ------------------------------------------
#
# Blue stays at the best. Orange was chosen at the same steps, and follows the model.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(losses, color="0.75", lw=7, label="model")
ax.plot(alive, color="tab:orange", lw=2.5, label="best = state_dict()")
ax.plot(copied, color="tab:blue", lw=2.5, ls="--", label="best = deepcopy(state_dict())")
ax.axvline(10, color="0.35", lw=1, ls=":")
ax.text(9.8, 0.9, "learning rate\ntoo large", color="0.35", va="top", ha="right")
ax.set(xlabel="step", ylabel="loss", yscale="log", title="Loss of the kept state")
ax.legend(frameon=False, loc="lower left")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Who shares memory with the model
# --------------------------------
#
# A shallow copy is a new dictionary with the same tensors. A conversion on the way, ``.cpu()`` of a model on the CPU
# for one, copies nothing either.

model = nn.Linear(1, 1, bias=False)
address = model.weight.data_ptr()
kinds = {
    "state_dict()": model.state_dict(),
    "dict(state_dict())": dict(model.state_dict()),
    "copy.copy(state_dict())": copy.copy(model.state_dict()),
    "to the device it is on": {k: v.to(v.device) for k, v in model.state_dict().items()},
    "clone() of each": {k: v.clone() for k, v in model.state_dict().items()},
    "copy.deepcopy(state_dict())": copy.deepcopy(model.state_dict()),
}
shares = {name: state["weight"].data_ptr() == address for name, state in kinds.items()}
for name, same in shares.items():
    print(f"{name:28} {'alive' if same else 'a snapshot'}")

# %%
# A conversion ends the sharing
# -----------------------------
#
# :py:meth:`torch.nn.Module.to` gives the model other memory. A ``state_dict()`` taken before keeps the old one, and no
# longer follows.

before = model.state_dict()
model.to(torch.float64)
with torch.no_grad():
    model.weight.fill_(5.0)
print("the old state:", before["weight"].dtype, "follows:", before["weight"].item() == 5.0)

# %%
# What was seen
# -------------
#
# ``torch.save`` writes the values of the moment, so a file is a snapshot too. The entry of
# :py:meth:`torch.nn.Module.state_dict` shows the sharing; that of :py:meth:`torch.nn.Module.load_state_dict` shows that
# loading copies, unless ``assign=True``.

assert alive == losses and alive[-1] > 1
assert before["weight"].data_ptr() == address and before["weight"].item() != 5.0
assert copied == [min(losses[: step + 1]) for step in range(STEPS + 1)]
assert list(shares.values()) == [True, True, True, True, False, False]
