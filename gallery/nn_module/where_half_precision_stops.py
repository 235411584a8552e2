"""
The same 5000 steps end at 1.5 in float32, at 1 in float16 and at 1/8 in bfloat16
=================================================================================

What does :py:meth:`torch.nn.Module.half` cost in training? Each float16 or bfloat16 number has a next one, and an
update of less than half of that distance is rounded away. The weight then stands still, although its gradient is as
large as before.
"""

# %%
# The same small step, many times
# -------------------------------
#
# One weight starts at 0. Its gradient is -1 at each step, so SGD with a learning rate of 0.0003 should take it to 1.5
# in 5000 steps.

import matplotlib.pyplot as plt
import torch
from torch import nn

LR, STEPS = 0.0003, 5000
DTYPES = {"float": torch.float32, "half": torch.float16, "bfloat16": torch.bfloat16}
COLORS = {"float": "0.35", "half": "tab:blue", "bfloat16": "tab:orange"}


def climb(name):
    """Return the weight after each step, with the layer cast by the method of that name."""
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    getattr(layer, name)()
    layer.weight.grad = -torch.ones_like(layer.weight)
    optimizer = torch.optim.SGD(layer.parameters(), lr=LR, foreach=False)
    weights = torch.zeros(STEPS + 1, device="cpu")
    for step in range(1, STEPS + 1):
        optimizer.step()
        weights[step] = layer.weight.item()
    return weights


paths = {name: climb(name) for name in DTYPES}
for name, weights in paths.items():
    print(f"{name:9} {weights[-1]:.4f}")

# %%
# float16 stops at 1, bfloat16 at 1/8
# -----------------------------------
#
# Just before it stops, each is ahead of float32: an update of more than half the distance is rounded up to all of it.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, weights in paths.items():
    ax.plot(weights, color=COLORS[name], lw=2.5)
    ax.annotate(
        f"{name}()",
        (STEPS, weights[-1]),
        xytext=(-4, 5),
        textcoords="offset points",
        ha="right",
        color=COLORS[name],
    )
ax.set(xlabel="step", ylabel="weight", title="5000 updates of 0.0003", xlim=(0, STEPS), ylim=(0, 1.65))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Where a dtype stops
# -------------------
#
# The distance to the next number doubles at each power of two. The weight stops at the first power of two where half of
# it exceeds the update.


def half_gap(value, dtype):
    """Return half the distance from value to the next larger number of the dtype."""
    power = 2.0 ** torch.floor(torch.log2(torch.tensor(value))).item()
    return torch.finfo(dtype).eps * power / 2


values = [2.0 ** (k / 32) for k in range(-160, 65)]
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name in ("half", "bfloat16"):
    gaps = [half_gap(value, DTYPES[name]) for value in values]
    ax.step(values, gaps, where="post", color=COLORS[name], lw=2.5, label=name)
    ax.plot(paths[name][-1], LR, "o", color=COLORS[name], ms=9)
ax.axhline(LR, color="0.35", lw=1.5, ls="--")
ax.text(values[0], LR * 1.12, "update: 0.0003", color="0.35")
ax.set(xlabel="weight", ylabel="half the distance", title="The weight stops where its line crosses the update")
ax.set_xscale("log", base=2)
ax.set_yscale("log")
ax.legend(frameon=False, loc="lower right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Keep the parameters in float32, and let ``torch.autocast`` narrow the computation: then the same update moves a weight
# of 1, where both narrow dtypes stand still. The entry of :py:meth:`torch.nn.Module.half` shows what else a cast module
# gives up.

assert paths["half"][-1] == 1.0 and paths["bfloat16"][-1] == 0.125
assert abs(paths["float"][-1] - LR * STEPS) < 1e-3
for name in ("half", "bfloat16"):
    end = paths[name][-1].item()
    assert half_gap(end / 2, DTYPES[name]) < LR < half_gap(end, DTYPES[name])
    assert len(set(paths[name][-1000:].tolist())) == 1
    arrives = paths[name].tolist().index(end)
    assert end > paths["float"][arrives]

layer = nn.Linear(1, 1, bias=False)
nn.init.ones_(layer.weight)
x = torch.ones(1, 1)
with torch.autocast(x.device.type, dtype=torch.bfloat16):
    output = layer(x)
output.float().sum().backward()
torch.optim.SGD(layer.parameters(), lr=LR).step()
assert output.dtype == torch.bfloat16 and layer.weight.dtype == torch.float32
assert abs(layer.weight.item() - (1 - LR)) < 1e-6
