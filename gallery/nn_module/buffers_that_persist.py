"""
A buffer that does not persist moves with the module and is not saved
=====================================================================

Where does a tensor belong that a module needs and does not train? As a plain attribute it is neither moved nor saved.
As a buffer it is both (:py:meth:`torch.nn.Module.register_buffer`); with ``persistent=False`` it is moved and not
saved. That fits what ``__init__`` can compute again, and breaks what training has collected.
"""

# %%
# Five ways to keep a tensor
# --------------------------
#
# Each attribute is named after the way in which it is kept.

import copy

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from torch import nn


class Holder(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = torch.ones(1)
        self.parameter = nn.Parameter(torch.ones(1))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("buffer", torch.ones(1))
        self.register_buffer("not_persistent", torch.ones(1), persistent=False)


holder = Holder()
names = ["parameter", "frozen", "buffer", "not_persistent", "plain"]

# %%
# What the module does with each
# ------------------------------
#
# The answers come from the module. A ``deepcopy`` takes the five along, registered or not.

converted = copy.deepcopy(holder).to(torch.float64)
sum(getattr(holder, name).sum() for name in names).backward()
grid = {
    "in parameters()": dict(holder.named_parameters()).keys(),
    "in buffers()": dict(holder.named_buffers()).keys(),
    "gets a gradient": {name for name in names if getattr(holder, name).grad is not None},
    "converted by to()": {name for name in names if getattr(converted, name).dtype == torch.float64},
    "in state_dict()": holder.state_dict().keys(),
    "in a deepcopy": {name for name in names if hasattr(copy.deepcopy(holder), name)},
}

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
cells = [[name in found for name in names] for found in grid.values()]
ax.pcolormesh(cells, cmap=ListedColormap(["0.92", "tab:blue"]), edgecolors="white", linewidth=2)
for row, found in enumerate(grid.values()):
    for column, name in enumerate(names):
        yes = name in found
        ax.text(column + 0.5, row + 0.5, "yes" if yes else "no", ha="center", va="center", color="w" if yes else "0.5")
labels = ["parameter", "frozen\nparameter", "buffer", "buffer, not\npersistent", "plain\ntensor"]
ax.set_xticks([column + 0.5 for column in range(len(names))], labels)
ax.set_yticks([row + 0.5 for row in range(len(grid))], list(grid))
ax.xaxis.tick_top()
ax.invert_yaxis()
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
plt.show()

# %%
# A statistic that training collects
# ----------------------------------
#
# ``Center`` subtracts the mean that it has seen. Two modules differ in one word, see the same data, and are saved.


class Center(nn.Module):
    def __init__(self, persistent):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1), persistent=persistent)

    def forward(self, x):
        if self.training:
            self.mean += 0.1 * (x.mean() - self.mean)
        return x - self.mean


def saved_and_loaded(persistent):
    """Return what a trained module answers, and what a new one answers with its state_dict."""
    trained, fresh = Center(persistent), Center(persistent)
    for _ in range(60):
        trained(data)
    state = trained.state_dict()
    report = str(fresh.load_state_dict(state))
    assert report == "<All keys matched successfully>"
    print(f"persistent={persistent!s:5}  saved: {list(state)}  {report}")
    return trained.eval()(data), fresh.eval()(data)


data = 5 + torch.sin(torch.arange(60.0) / 3)
answers = {persistent: saved_and_loaded(persistent) for persistent in (True, False)}

# %%
# After loading
# -------------
#
# Both loads report that all keys match. The module on the right starts again at a mean of 0.

fig, axes = plt.subplots(1, 2, figsize=(6, 3.5), layout="constrained", sharey=True)
for ax, (persistent, (before, after)) in zip(axes, answers.items(), strict=True):
    ax.plot(before.tolist(), color="tab:blue", lw=6, alpha=0.35, label="trained")
    ax.plot(after.tolist(), color="tab:orange", lw=2, label="loaded")
    ax.set(title=f"persistent={persistent}", xlabel="sample")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("output")
axes[0].legend(frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# Let persist what cannot be computed again. The entry of :py:meth:`torch.nn.Module.register_buffer` says how to change
# the choice later, and :py:attr:`torch.nn.Module._non_persistent_buffers_set` holds it.

assert [set(found) for found in grid.values()] == [
    {"parameter", "frozen"},
    {"buffer", "not_persistent"},
    {"parameter"},
    {"parameter", "frozen", "buffer", "not_persistent"},
    {"parameter", "frozen", "buffer"},
    set(names),
]
assert holder._non_persistent_buffers_set == {"not_persistent"}
assert torch.equal(*answers[True])
assert torch.equal(answers[False][1], data) and answers[False][0].mean().abs() < 0.1
