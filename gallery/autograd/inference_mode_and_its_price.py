"""
Inference mode leaves out the bookkeeping, and its results stay outside training
================================================================================

Both :py:func:`torch.no_grad` and :py:func:`torch.inference_mode` record nothing and keep no
activations. What does the second leave out besides, and what does it cost? The bookkeeping of views
and versions. The price: its results cannot be saved for a backward pass.
"""

# %%
# Three modes
# -----------
#
# The same product in each. Only the recorded one has a node. In inference mode not even a view
# knows what it is a view of.

from contextlib import nullcontext

import matplotlib.pyplot as plt
import torch
from torch import nn

MODES = {"recorded": nullcontext, "no_grad": torch.no_grad, "inference_mode": torch.inference_mode}
x = torch.ones(64, requires_grad=True)
y = torch.ones(64, requires_grad=True)


def make(mode):
    """Return a product computed in ``mode``."""
    with MODES[mode]():
        return x * 2


def flags(result):
    """Return whether it has a node, whether its views know it, whether it is for inference."""
    return result.grad_fn is not None, result.view(8, 8)._is_view(), result.is_inference()


seen = {mode: flags(make(mode)) for mode in MODES}
for mode, (node, base, inference) in seen.items():
    print(f"{mode:15} node: {node!s:5}  base of views: {base!s:5}  inference: {inference}")

# %%
# What a forward pass keeps
# -------------------------
#
# A hook adds up the bytes that are saved for backward. Recorded, they grow with the depth; in
# neither of the other modes is anything saved.


def saved_bytes(depth, mode):
    """Return the bytes that a stack of layers saves in ``mode``, weights left out."""
    layers = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(depth)))
    weights = {p.untyped_storage().data_ptr() for p in layers.parameters()}
    held = {}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in weights:
            held[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), MODES[mode]():
        layers(x.view(8, 8))
    return sum(tensor.nbytes for tensor in held.values())


depths = [1, 2, 4, 8]
kept = {mode: [saved_bytes(depth, mode) for depth in depths] for mode in MODES}

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
styles = {"recorded": ("0.5", 2), "no_grad": ("tab:blue", 5), "inference_mode": ("tab:orange", 2)}
for mode, (color, width) in styles.items():
    ax.plot(depths, kept[mode], "o-", color=color, lw=width, label=mode)
ax.set(xlabel="layers", ylabel="bytes", title="Saved for backward", xticks=depths)
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The price
# ---------
#
# What can be done with a result outside the mode that made it. An inference tensor has no version
# counter, so autograd could not notice that it was changed after it was saved.

uses = {
    "r * 2": lambda r: r * 2,
    "y + r": lambda r: y + r,
    "y * r.clone()": lambda r: y * r.clone(),
    "y * r": lambda r: y * r,
    "r.add_(1)": lambda r: r.add_(1),
    "r._version": lambda r: r._version,
    "r.requires_grad_()": lambda r: r.requires_grad_(),
}


def attempt(use, mode):
    """Return the message of the error that a use raises, or ``None``."""
    try:
        use(make(mode))
    except RuntimeError as error:
        return str(error)
    return None


errors = {mode: [attempt(use, mode) for use in uses.values()] for mode in MODES}

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for column, mode in enumerate(MODES):
    for row, message in enumerate(errors[mode]):
        text, color = ("RuntimeError", "#fbdcc0") if message else ("works", "#d5e8f5")
        box = {"fc": color, "ec": "none", "pad": 4}
        ax.text(column, row, text, ha="center", va="center", color="black", bbox=box)
ax.set(xlim=(-0.5, 2.5), ylim=(len(uses) - 0.5, -0.5), title="A result r, used outside")
ax.set_xticks(range(3), list(MODES))
ax.set_yticks(range(len(uses)), list(uses), family="monospace")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Use it where no result goes back into training; a clone of a result is an ordinary tensor again.
# Read on at :py:func:`torch.inference_mode` and :py:attr:`torch.Tensor._version`.

assert list(seen.values()) == [(True, True, False), (False, True, False), (False, False, True)]
assert kept["no_grad"] == kept["inference_mode"] == [0] * len(depths)
assert kept["recorded"] == [x.nbytes * (depth + 1) for depth in depths], "input and each tanh"
assert errors["recorded"] == errors["no_grad"] == [None] * len(uses)
messages = [message and message.split(".")[0] for message in errors["inference_mode"]]
assert messages == [
    *[None] * 3,
    "Inference tensors cannot be saved for backward",
    "Inplace update to inference tensor outside InferenceMode is not allowed",
    "Inference tensors do not track version counter",
    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed",
]
assert all("make a clone to get a normal" in text for text in errors["inference_mode"][3:5])
