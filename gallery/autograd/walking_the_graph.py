"""
From the loss to the leaves: the graph is a chain of Python objects
===================================================================

Where does :py:meth:`torch.Tensor.backward` go? It starts at :py:attr:`torch.Tensor.grad_fn` of the
loss and follows ``next_functions``. Each way ends at a node that holds a leaf; the leaves found so
are exactly the tensors that get a gradient.
"""

# %%
# A small network
# ---------------
#
# One weight is used twice. One is frozen, and one layer is not used at all.

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)
layers = nn.ModuleDict({name: nn.Linear(2, 2) for name in ("shared", "frozen", "unused")})
layers["frozen"].requires_grad_(False)

hidden = torch.tanh(layers["shared"](torch.ones(1, 2)))
hidden = torch.tanh(layers["shared"](hidden))
loss = layers["frozen"](hidden).square().mean()
# torchproof: graph loss

# %%
# The walk
# --------
#
# An input that does not require grad has no node: its place in ``next_functions`` is ``None``. A
# node that several operations lead to is visited once.


def walk(tensor):
    """Return each node with its distance from the tensor, nearest first, and the edges."""
    depth, edges = {tensor.grad_fn: 0}, []
    queue = [tensor.grad_fn]
    for node in queue:
        for follower, _ in node.next_functions:
            if follower is None:
                continue
            edges.append((node, follower))
            if follower not in depth:
                depth[follower] = depth[node] + 1
                queue.append(follower)
    return depth, edges


depth, edges = walk(loss)
for node, steps in depth.items():
    print(f"{steps:2}  {node.name().removeprefix('torch::autograd::')}")

# %%
# The leaves
# ----------
#
# A leaf has no ``grad_fn``; the node at its end is an ``AccumulateGrad`` with the leaf in
# ``variable``. :py:attr:`torch.Tensor.is_leaf` and :py:attr:`torch.Tensor.requires_grad` hold for
# all of them.

names = {parameter: name for name, parameter in layers.named_parameters()}
found = {names[node.variable] for node in depth if hasattr(node, "variable")}
print("found by the walk:", sorted(found))

# %%
# The order of a backward pass
# ----------------------------
#
# A hook on each node writes down when it runs. The engine runs a node after all nodes that send it
# a gradient, so the shared weight, to which two ways lead, comes after both.

order = []
for node in depth:
    node.register_hook(lambda *_, node=node: order.append(node))
loss.backward()

BOX = {"fc": "white", "ec": "none", "pad": 0.5}
fig, ax = plt.subplots(figsize=(6, 3.8), layout="constrained")
place = {node: at for at, node in enumerate(order)}
for start, end in edges:
    ax.plot([depth[start], depth[end]], [place[start], place[end]], color="0.75", lw=1.5, zorder=1)
for at, node in enumerate(order):
    leaf = hasattr(node, "variable")
    text = names[node.variable] if leaf else node.name()
    ax.plot(depth[node], at, "o", color="tab:orange" if leaf else "tab:blue", ms=8)
    ax.text(depth[node] + 0.2, at, text, fontsize=8, va="center", bbox=BOX)
ax.invert_yaxis()
ax.set(xlabel="edges from the loss (shortest way)", ylabel="runs as number")
ax.set_title("Backward order (orange: leaves)")
ax.set_xlim(-0.5, max(depth.values()) + 3.5)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The walk finds what gets a gradient, and only that. Read on at :py:attr:`torch.Tensor.grad_fn` and
# :py:attr:`torch.Tensor.grad`.

assert found == {"shared.weight", "shared.bias"}
assert found == {name for name, p in layers.named_parameters() if p.grad is not None}
assert set(order) == set(depth) and len(order) == len(depth), "each node runs once"
assert order[0] is loss.grad_fn
assert all(place[start] < place[end] for start, end in edges), "senders run first"
for node in depth:
    if hasattr(node, "variable"):
        assert node.next_functions == () and node.variable.is_leaf
        assert node.variable.requires_grad and node.variable.grad_fn is None
