"""
no_grad changes what is recorded, not what can be trained
=========================================================

Does :py:func:`torch.no_grad` freeze weights? No: it changes no flag. It stops the recording, which
saves memory, and cuts the path to everything before. ``requires_grad_(False)`` freezes a layer and
lets gradients pass through it.
"""

# %%
# Three layers
# ------------
#
# The layer in the middle shall not be trained. The starting weights are written down.

from contextlib import nullcontext

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH = 8
x = torch.linspace(-1.0, 1.0, 4 * WIDTH).view(4, WIDTH)


def make_layers(count):
    """Return layers whose weights depend on their position only."""
    layers = [nn.Linear(WIDTH, WIDTH) for _ in range(count)]
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                place = torch.arange(parameter.numel()).view_as(parameter)
                parameter.copy_(0.5 * torch.sin(3.0 * place + 1.0))
    return layers


# %%
# Three ways to leave out the middle
# ----------------------------------
#
# One forward and one backward pass. In the second way the middle layer runs under
# :py:func:`torch.no_grad`, in the third its weights do not require grad.


def run(way):
    """Return the layers and the loss of one pass."""
    first, middle, last = layers = make_layers(3)
    if way == "requires_grad_(False)":
        middle.requires_grad_(False)
    hidden = torch.tanh(first(x))
    with torch.no_grad() if way == "no_grad" else nullcontext():
        hidden = torch.tanh(middle(hidden))
    return layers, last(hidden).pow(2).mean()


def norms(layers):
    """Return the length of each layer's weight gradient, 0 where there is none."""
    return [0.0 if (grad := layer.weight.grad) is None else grad.norm().item() for layer in layers]


ways = ("all trained", "no_grad", "requires_grad_(False)")
gradients, flags = {}, {}
for way in ways:
    layers, loss = run(way)
    loss.backward()
    gradients[way] = norms(layers)
    flags[way] = layers[1].weight.requires_grad

fig, axes = plt.subplots(1, 3, figsize=(7.5, 3.2), sharey=True, layout="constrained")
for ax, way in zip(axes, ways, strict=True):
    bars = ax.bar(["first", "middle", "last"], gradients[way], color="tab:blue", width=0.6)
    ax.bar_label(bars, [f"{norm:.2f}" if norm else "None" for norm in gradients[way]], padding=2)
    ax.set(title=way, xlabel="layer")
    ax.margins(y=0.15)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("length of the weight gradient")
plt.show()

# %%
# Why the first layer is lost
# ---------------------------
#
# The graph of the second way starts after the middle layer. Nothing leads back to the first one,
# and :py:meth:`torch.Tensor.backward` does not say so.

layers, loss = run("no_grad")

# torchproof: graph loss

# %%
# In the third way the graph goes on to the first layer and leaves out the weights of the middle.

layers, loss = run("requires_grad_(False)")

# torchproof: graph loss

# %%
# What the recording keeps
# ------------------------
#
# A hook adds up the bytes that a forward pass saves for backward. Recorded, they grow with the
# depth; under :py:func:`torch.no_grad` none are kept.


def saved_bytes(depth, block):
    """Return the bytes that a stack of ``depth`` layers saves under ``block``, weights left out."""
    layers, held = make_layers(depth), {}
    weights = {parameter.data_ptr() for layer in layers for parameter in layer.parameters()}

    def pack(tensor):
        if tensor.data_ptr() not in weights:
            held[tensor.data_ptr()] = tensor.nbytes
        return tensor

    hidden = x
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), block:
        for layer in layers:
            hidden = torch.tanh(layer(hidden))
    return sum(held.values())


depths = [1, 2, 4, 6, 8]
recorded = [saved_bytes(depth, nullcontext()) for depth in depths]
not_recorded = [saved_bytes(depth, torch.no_grad()) for depth in depths]

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(depths, recorded, "o-", color="tab:orange", lw=2, label="recorded")
ax.plot(depths, not_recorded, "o-", color="tab:blue", lw=2, label="under no_grad")
ax.set(xlabel="layers", ylabel="bytes saved for backward", title="Recording keeps activations")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Under ``no_grad`` the weight still requires grad, has no gradient, and the first layer has none
# either. The entries of :py:func:`torch.no_grad` and :py:func:`torch.enable_grad` show the details.

assert flags == {"all trained": True, "no_grad": True, "requires_grad_(False)": False}
assert all(norm > 0 for norm in gradients["all trained"])
assert gradients["no_grad"][:2] == [0.0, 0.0] and gradients["no_grad"][2] > 0
assert gradients["requires_grad_(False)"][1] == 0.0
for index in (0, 2):
    frozen, trained = (gradients[way][index] for way in ("requires_grad_(False)", "all trained"))
    assert abs(frozen - trained) < 1e-5, "freezing one layer changes no other gradient"
assert not_recorded == [0] * len(depths)
assert recorded == [x.nbytes * (depth + 1) for depth in depths], "the input and each tanh"
