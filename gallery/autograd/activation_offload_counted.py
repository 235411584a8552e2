"""
Where a node keeps its tensors is yours to decide
=================================================

Most of the memory of training is not weights but activations, saved in the forward pass for the
backward pass. Can they lie elsewhere in between? Yes: a pair of
:py:class:`torch.autograd.graph.saved_tensors_hooks` moves them out when they are saved and back
when they are needed. Here every byte is counted.
"""

# %%
# The graph and what it keeps
# ---------------------------
#
# Each ``tanh`` keeps its result and each linear layer its input: one tensor under two names. The
# linear layer keeps its weight too.

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH, ROWS, BLOCKS = 8, 64, 4


def make_model():
    """Return blocks of a linear layer and tanh."""
    layers = []
    for _ in range(BLOCKS):
        linear = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.eye_(linear.weight)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers)


model = make_model()
data = torch.linspace(-1, 1, ROWS * WIDTH).reshape(ROWS, WIDTH)
small = model[:2](data[:2]).sum()
# torchproof: graph small saved

# %%
# Hooks that count
# ----------------
#
# ``Store`` plays the slow memory. A saved activation goes there once, under the address of its data
# however many nodes want it. Weights stay: they exist anyway.


class Store:
    """Holds each saved activation once, and counts the bytes that it holds."""

    def __init__(self, keep):
        self.keep = {tensor.data_ptr() for tensor in keep}
        self.held, self.readers, self.history = {}, {}, []

    def pack(self, tensor):
        """Take a tensor in and return its key."""
        key = tensor.data_ptr()
        if key in self.keep:
            return None, tensor.detach()
        self.held.setdefault(key, tensor.detach().clone())
        self.readers[key] = self.readers.get(key, 0) + 1
        self.note()
        return key, None

    def unpack(self, packed):
        """Give the tensor back; the last reader frees it."""
        key, tensor = packed
        if key is None:
            return tensor
        tensor = self.held[key]
        self.readers[key] -= 1
        if self.readers[key] == 0:
            del self.held[key]
        self.note()
        return tensor

    def note(self):
        """Write down the bytes that are held now."""
        self.history.append(sum(t.numel() * t.element_size() for t in self.held.values()))


# %%
# A pass through the store
# ------------------------
#
# The store fills in the forward pass and is emptied by the backward pass.

plain = model(data).square().mean()
plain.backward()
wanted = [p.grad.clone() for p in model.parameters()]
model.zero_grad()

store = Store(model.parameters())
activations = [data]
with torch.autograd.graph.saved_tensors_hooks(store.pack, store.unpack):
    hidden = data
    for layer in model:
        hidden = layer(hidden)
        activations.append(hidden)  # keeps each address in use while the store knows it
    loss = hidden.square().mean()
forward_steps = len(store.history)
loss.backward()

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.step(range(1, len(store.history) + 1), store.history, where="post", color="tab:blue", lw=2)
ax.axvline(forward_steps + 0.5, color="0.6", lw=1, ls="--")
ax.text(forward_steps, 300, "forward ", ha="right", color="0.3")
ax.text(forward_steps + 1, 300, " backward", ha="left", color="0.3")
ax.set(xlabel="call of pack or unpack", ylabel="bytes in the store", title="Kept in the store")
ax.set_ylim(0)
ax.set_xticks(range(0, len(store.history) + 1, 3))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The store held the input and the result of each block, once, and is empty at the end; the
# gradients are equal. :py:class:`torch.autograd.graph.save_on_cpu` is such a pair, with the
# memory of the CPU as its store.

one = ROWS * WIDTH * 4
print(f"moved at most {max(store.history)} bytes, {one} for each of {BLOCKS + 1} activations")
assert max(store.history) == one * (BLOCKS + 1)
assert store.history[-1] == 0 and not store.held
assert len(store.history) == 2 * forward_steps
for parameter, grad in zip(model.parameters(), wanted, strict=True):
    assert torch.equal(parameter.grad, grad)
