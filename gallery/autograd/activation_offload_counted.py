"""
Where a node keeps its tensors is yours to decide
=================================================

Much of the memory of training is not weights but activations, saved in the forward pass for the
backward pass. Can they lie elsewhere in between? Yes: a pair of
:py:class:`torch.autograd.graph.saved_tensors_hooks` writes them to files when they are saved and
reads them when they are needed. Here every byte is counted.
"""

# %%
# The graph and what it keeps
# ---------------------------
#
# Each ``tanh`` keeps its result and each linear layer its input: one tensor under two names. The
# linear layer keeps its weight too.

import tempfile
from contextlib import nullcontext
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef

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
# Hooks that write files
# ----------------------
#
# Each saved activation gets a file and a number of its own. The address of its data would be no
# key: a tensor and its transpose have one, and a freed address is given to the next tensor.
# Weights stay in memory, as they exist anyway.


class Files:
    """Writes saved tensors to files, and counts the bytes of data in them."""

    def __init__(self, folder, keep):
        self.folder, self.keep = Path(folder), {p.untyped_storage().data_ptr() for p in keep}
        self.count, self.bytes, self.history = 0, 0, []

    def pack(self, tensor):
        """Write a tensor and return its file, or keep a weight as it is."""
        if tensor.untyped_storage().data_ptr() in self.keep:
            return tensor.detach()
        self.count += 1
        path = self.folder / f"{self.count}.pt"
        torch.save(tensor.detach().clone(), path)
        self.note(tensor.nbytes)
        return path

    def unpack(self, packed):
        """Read the tensor and remove its file."""
        if isinstance(packed, torch.Tensor):
            return packed
        tensor = torch.load(packed)
        packed.unlink()
        self.note(-tensor.nbytes)
        return tensor

    def note(self, change):
        """Write down the bytes that the files hold now."""
        self.bytes += change
        self.history.append(self.bytes)


# %%
# A pass with and without files
# -----------------------------
#
# Weak references to the memory of the activations tell how much of it is alive after the forward
# pass. The files fill in the forward pass and are removed in the backward pass.


def run(hooks):
    """Return the bytes of activations in memory after the forward pass, and the gradients."""
    model.zero_grad()
    memory, hidden = [], data
    with hooks:
        for layer in model:
            hidden = layer(hidden)
            memory.append((StorageWeakRef(hidden.untyped_storage()), hidden.nbytes))
        loss = hidden.square().mean()
    del hidden
    alive = sum(size for reference, size in memory if not reference.expired())
    loss.backward()
    return alive, [p.grad.clone() for p in model.parameters()]


with tempfile.TemporaryDirectory() as folder:
    files = Files(folder, model.parameters())
    usual, wanted = run(nullcontext())
    moved, grads = run(torch.autograd.graph.saved_tensors_hooks(files.pack, files.unpack))
    left = list(Path(folder).iterdir())

fig, (ax, bx) = plt.subplots(
    1, 2, figsize=(7.5, 3.4), layout="constrained", gridspec_kw={"width_ratios": [1, 2]}
)
bars = ax.bar(["usual", "files"], [usual, moved], color=["tab:orange", "tab:blue"])
ax.bar_label(bars)
ax.set(ylabel="bytes", title="In memory, after forward")
bx.step(range(1, len(files.history) + 1), files.history, where="post", color="tab:blue", lw=2)
bx.axvline(files.count + 0.5, color="0.6", lw=1, ls="--")
bx.set(xlabel="call of pack or unpack", ylabel="bytes", title="In files", ylim=(0, None))
for axis in (ax, bx):
    axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# With files no activation is in memory after the forward pass, and the gradients are equal. A
# result that two nodes saved is written twice. Read on at
# :py:class:`torch.autograd.graph.save_on_cpu`, such a pair with the memory of the CPU as its store.

one = ROWS * WIDTH * 4
assert usual == BLOCKS * one and moved == 0
assert files.count == 2 * BLOCKS + 1 and max(files.history) == files.count * one
assert len(files.history) == 2 * files.count and files.history[-1] == 0 and left == []
for got, grad in zip(grads, wanted, strict=True):
    assert torch.equal(got, grad)
