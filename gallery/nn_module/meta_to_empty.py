"""
A state_dict leaves a buffer unfilled that to_empty left empty
==============================================================

How is a model built without memory, and filled later? On the meta device it has shapes and no data;
:py:meth:`torch.nn.Module.to_empty` gives it memory and no values; ``load_state_dict`` brings the values that were
saved. A buffer with ``persistent=False`` was not saved: it stays unfilled, and strict loading does not complain.
"""

# %%
# A model that does not fit
# -------------------------
#
# These weights need 40 GB. On the meta device they take no memory.

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from torch import nn

large = nn.Linear(100_000, 100_000, device="meta")
gigabytes = sum(p.numel() * p.element_size() for p in large.parameters()) / 1e9
print(f"{gigabytes:.0f} GB, of which in memory: {large.weight.untyped_storage().data_ptr()}")

# %%
# A small one, step by step
# -------------------------
#
# It has parameters, buffers that are saved, and one that is not. ``saved`` comes from a filled twin.


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 2), nn.BatchNorm1d(2))
        self.register_buffer("mask", torch.ones(2), persistent=False)


saved = Net().state_dict()
with torch.device("meta"):
    model = Net()

# %%
# What each tensor holds
# ----------------------
#
# In its deterministic mode torch fills new memory with NaN or with the largest integer. That tells a tensor with values
# from one without.

NO_MEMORY, NO_VALUES, FILLED = range(3)


def holds(tensor):
    """Return whether a tensor has memory, and values in it."""
    if tensor.is_meta:
        return NO_MEMORY
    if tensor.is_floating_point():
        return NO_VALUES if tensor.isnan().any() else FILLED
    return NO_VALUES if (tensor == torch.iinfo(tensor.dtype).max).any() else FILLED


def look(model):
    """Return what each parameter and buffer of the model holds."""
    return {name: holds(tensor) for name, tensor in [*model.named_parameters(), *model.named_buffers()]}


seen = {"on meta": look(model)}

torch.use_deterministic_algorithms(True)
model.to_empty(device=torch.ones(1).device)
torch.use_deterministic_algorithms(False)
seen["to_empty"] = look(model)

print(model.load_state_dict(saved, strict=True))
seen["load_state_dict"] = look(model)

model.mask.fill_(1.0)
seen["mask.fill_"] = look(model)

# %%
# From nothing to a full model
# ----------------------------
#
# One row per tensor, one column per step. Loading leaves out the mask.

names = sorted(seen["on meta"], key=lambda name: name == "mask")
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
colors = ["0.9", "tab:orange", "tab:blue"]
grid = [[step[name] for step in seen.values()] for name in names]
ax.pcolormesh(grid, cmap=ListedColormap(colors), vmin=0, vmax=2, edgecolors="white", linewidth=2)
ax.set_xticks([column + 0.5 for column in range(len(seen))], list(seen))
ax.set_yticks([row + 0.5 for row in range(len(names))], names)
ax.invert_yaxis()
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
labels = ["no memory", "memory, no values", "values"]
handles = [Patch(color=color, label=label) for color, label in zip(colors, labels, strict=True)]
fig.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# After ``to_empty``, fill what no ``state_dict`` holds, by hand or with ``reset_parameters``. The entry of
# :py:meth:`torch.nn.Module.to_empty` says what else is lost on the way, shared parameters for one.

assert gigabytes > 40 and large.weight.untyped_storage().data_ptr() == 0
assert set(seen["on meta"].values()) == {NO_MEMORY}
assert set(seen["to_empty"].values()) == {NO_VALUES}
assert {name for name, state in seen["load_state_dict"].items() if state != FILLED} == {"mask"}
assert set(seen["mask.fill_"].values()) == {FILLED}
assert all(torch.equal(tensor, saved[name]) for name, tensor in model.state_dict().items())
