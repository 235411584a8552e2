"""
Loading with assign needs half the memory
=========================================

How much memory does it take to load a checkpoint of 16 MB? The usual way holds it twice: once in the model that was
built with random values, once in the checkpoint that was read. A model built on the meta device and filled with
``load_state_dict(..., assign=True)`` takes the tensors of the checkpoint as they are.
"""

# %%
# A checkpoint on disk
# --------------------
#
# Four layers of 4 MB each.

import os
import tempfile

import matplotlib.pyplot as plt
import torch
from torch import nn

LAYERS, SIZE = 4, 1024


def build():
    """Return the model, on the default device."""
    return nn.Sequential(*(nn.Linear(SIZE, SIZE, bias=False) for _ in range(LAYERS)))


folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "model.pt")
original = build()
torch.save(original.state_dict(), path)

# %%
# Counting the memory
# -------------------
#
# After each step the storages are counted: those that only the model holds, those that only the checkpoint holds, and
# those that both hold. A storage on the meta device has a size and no memory.


def storages(tensors):
    """Return address and MB of each storage with memory behind the tensors."""
    found = [tensor.untyped_storage() for tensor in tensors if not tensor.is_meta]
    return {storage.data_ptr(): storage.nbytes() / 2**20 for storage in found}


def count(model, checkpoint):
    """Return the MB held by the model alone, by both, and by the checkpoint alone."""
    first, second = storages(model.parameters()), storages(checkpoint.values())
    both = first.keys() & second.keys()
    return (
        sum(first[address] for address in first.keys() - both),
        sum(first[address] for address in both),
        sum(second[address] for address in second.keys() - both),
    )


def load(device, assign):
    """Return the loaded model, and what is held after each step."""
    with torch.device(device):
        model = build()
    held = {"build": count(model, {})}
    checkpoint = torch.load(path)
    held["torch.load"] = count(model, checkpoint)
    model.load_state_dict(checkpoint, assign=assign)
    held["load_state_dict"] = count(model, checkpoint)
    del checkpoint
    held["del"] = count(model, {})
    return model, held


copied_model, copied = load(torch.ones(1).device, assign=False)
assigned_model, assigned = load("meta", assign=True)
folder.cleanup()
for name, held in {"copy": copied, "assign": assigned}.items():
    print(f"{name:7}", {step: sum(parts) for step, parts in held.items()})

# %%
# 32 MB against 16 MB
# -------------------
#
# Left, values are copied from one memory to the other. Right, there is one memory, and the model takes it over.

fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.5), layout="constrained", sharey=True)
parts = {"model": "tab:blue", "both": "0.45", "checkpoint": "tab:orange"}
for ax, held, title in zip(axes, [copied, assigned], ["built with values, copy", "built on meta, assign"], strict=True):
    bottom = [0.0] * len(held)
    for column, (label, color) in enumerate(parts.items()):
        heights = [amounts[column] for amounts in held.values()]
        ax.bar(list(held), heights, bottom=bottom, color=color, label=label, width=0.65)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    ax.set_title(title)
    ax.tick_params(axis="x", labelrotation=30)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(ylabel="MB held", ylim=(0, 36))
axes[1].legend(frameon=False, loc="upper right", title="held by")
plt.show()

# %%
# What was seen
# -------------
#
# Build the optimizer after the load: ``assign`` puts new parameters into the model. The page of
# :py:meth:`torch.nn.Module.load_state_dict` shows more, and that of :py:meth:`torch.nn.Module.to_empty` what a model
# from meta may still lack.

assert list(copied.values()) == [(16, 0, 0), (16, 0, 16), (16, 0, 16), (16, 0, 0)]
assert list(assigned.values()) == [(0, 0, 0), (0, 0, 16), (0, 16, 0), (16, 0, 0)]
for model in (copied_model, assigned_model):
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), original.parameters(), strict=True))
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in model.parameters())
