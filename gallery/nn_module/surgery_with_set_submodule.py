"""
Layers are replaced by their names, and a network shrinks without being rewritten
=================================================================================

How is each large layer of a finished model replaced by a smaller one? :py:meth:`torch.nn.Module.named_modules` finds
the names, :py:meth:`torch.nn.Module.set_submodule` puts the new modules in their places. Here the new ones are pairs of
thin layers from a singular value decomposition. The optimizer, which knows nothing of names, keeps the old ones.
"""

# %%
# A model with weights that can be compressed
# -------------------------------------------
#
# The singular values of a Hilbert matrix fall fast, so a few of them carry almost all of it.

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH = 64


def linear():
    layer = nn.Linear(WIDTH, WIDTH)
    index = torch.arange(WIDTH)
    with torch.no_grad():
        layer.weight.copy_(1 / (1 + index[:, None] + index))
        layer.bias.copy_(torch.linspace(-1, 1, WIDTH))
    return layer


model = nn.Sequential(linear(), nn.ReLU(), nn.Sequential(linear(), nn.ReLU()), linear())
for name, module in model.named_modules():
    print(repr(name), module._get_name())

# %%
# The replacement
# ---------------
#
# ``list`` fixes the names before the tree changes. :py:meth:`torch.nn.Module.named_children` would miss the layer
# inside the inner ``Sequential``.


def thin(layer, rank):
    """Return two layers in a row that do nearly what the layer does."""
    u, s, vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    down = nn.Linear(layer.in_features, rank, bias=False)
    up = nn.Linear(rank, layer.out_features)
    with torch.no_grad():
        down.weight.copy_(s[:rank, None] * vh[:rank])
        up.weight.copy_(u[:, :rank])
        up.bias.copy_(layer.bias)
    return nn.Sequential(down, up)


def compress(model, rank):
    model = copy.deepcopy(model)
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear):
            model.set_submodule(name, thin(module, rank), strict=True)
    return model


compressed = compress(model, rank=4)
print(compressed)
# torchproof: tree compressed

# %%
# What a rank costs
# -----------------
#
# The error falls with the rank until float32 ends it, while the number of parameters grows in a straight line.


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


x = torch.linspace(-1, 1, 8 * WIDTH).reshape(8, WIDTH)
ranks = [1, 2, 3, 4, 5, 6, 8]
with torch.no_grad():
    expected = model(x)
    smaller = {rank: compress(model, rank) for rank in ranks}
    errors = [((smaller[r](x) - expected).norm() / expected.norm()).item() for r in ranks]
shares = [count(smaller[rank]) / count(model) for rank in ranks]

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.semilogy(ranks, errors, "o-", color="tab:blue", lw=2.5)
ax.set(xlabel="rank", title="Every Linear replaced by two thin ones")
ax.set_ylabel("relative error of the output", color="tab:blue")
right = ax.twinx()
right.plot(ranks, [100 * share for share in shares], "s--", color="tab:orange", lw=2)
right.set_ylim(0, 40)
right.set_ylabel("% of the parameters", color="tab:orange")
for axis in (ax, right):
    axis.spines["top"].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Build the optimizer after the surgery: one that was built before holds the parameters that are gone. The saved names
# have changed, too. Read on at :py:meth:`torch.nn.Module.set_submodule`, and for the way a name is read at
# :py:meth:`torch.nn.Module.get_submodule`.

assert all(a > b for a, b in zip(errors, errors[1:6]))
assert errors[3] < 0.02 and shares[3] < 0.16
assert [type(module) for module in smaller[4].modules()].count(nn.Linear) == 6
assert list(smaller[4].state_dict())[:3] == ["0.0.weight", "0.1.weight", "0.1.bias"]
assert list(model.state_dict())[:2] == ["0.weight", "0.bias"]

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
known = {id(parameter) for parameter in optimizer.param_groups[0]["params"]}
model.set_submodule("2.0", thin(model.get_submodule("2.0"), rank=4))
lost = [name for name, parameter in model.named_parameters() if id(parameter) not in known]
assert lost == ["2.0.0.weight", "2.0.1.weight", "2.0.1.bias"]
