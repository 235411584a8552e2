"""
Mapped and assigned, a checkpoint is loaded without a second copy of it
=======================================================================

How much memory does it take to load a checkpoint of 64 MB? Building the model and copying the values into it takes twice
that. A model on the meta device that is filled with ``load_state_dict(..., assign=True)`` takes it once; with
``torch.load(..., mmap=True)`` it takes next to nothing, since the parameters are the file itself until they are used.
"""

# %%
# A checkpoint on disk
# --------------------
#
# Four layers of 16 MB each. The memory is that of the CPU, and one thread is enough.

import os
import tempfile

import matplotlib.pyplot as plt
import psutil
import torch
from torch import nn
from torch.multiprocessing import get_context

torch.set_num_threads(1)
LAYERS, SIZE = 4, 2048


def build(device):
    """Return the model, with values only if the device has memory."""
    with torch.device(device):
        return nn.Sequential(*(nn.Linear(SIZE, SIZE, bias=False) for _ in range(LAYERS)))


folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "model.pt")
saved = build("cpu").state_dict()
torch.save(saved, path)
print(f"{os.path.getsize(path) / 2**20:.0f} MB")

# %%
# Three ways to load it
# ---------------------
#
# They differ in where the model is built, whether values are copied, and whether the file is read or mapped. Each
# returns the checkpoint beside the model: in that moment loading holds the most memory.

WAYS = {
    "copy": {"device": "cpu", "assign": False, "mmap": False},
    "assign": {"device": "meta", "assign": True, "mmap": False},
    "assign, mmap": {"device": "meta", "assign": True, "mmap": True},
}


def load(device, assign, mmap):
    """Return the loaded model, and the checkpoint that it was loaded from."""
    model = build(device)
    checkpoint = torch.load(path, map_location="cpu", mmap=mmap)
    model.load_state_dict(checkpoint, assign=assign)
    return model, checkpoint


# %%
# What each holds
# ---------------
#
# Each way runs in a process of its own, made by forking, which Linux and macOS have. psutil counts the memory that the
# process has to itself (its unique set size, *USS*); the difference before and after loading is what loading took. Then
# the values are compared, and each parameter is changed in place.


def held():
    """Return the memory that this process shares with no other, in MB."""
    return psutil.Process().memory_full_info().uss / 2**20


def measure(way, pipe):
    before = held()
    model, checkpoint = load(**WAYS[way])
    taken = held() - before
    right = all(torch.equal(tensor, saved[name]) for name, tensor in model.state_dict().items())
    trainable = all(isinstance(p, nn.Parameter) and p.requires_grad for p in model.parameters())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    pipe.send((taken, right, trainable))


def in_a_process(way):
    fork = get_context("fork")
    here, there = fork.Pipe()
    child = fork.Process(target=measure, args=(way, there))
    child.start()
    answer = here.recv()
    child.join()
    return answer


results = {way: in_a_process(way) for way in WAYS}
memory = {way: taken for way, (taken, _, _) in results.items()}
unchanged = all(torch.equal(tensor, saved[name]) for name, tensor in torch.load(path, map_location="cpu").items())
folder.cleanup()
for way, taken in memory.items():
    print(f"{way:13} {taken:4.0f} MB")

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
bars = ax.barh(list(memory), list(memory.values()), color=["tab:orange", "0.6", "tab:blue"], height=0.6)
ax.bar_label(bars, fmt="%.0f MB", padding=3)
ax.axvline(64, color="0.35", lw=1, ls="--")
ax.invert_yaxis()
ax.set(xlabel="MB", title="Memory taken to load a checkpoint of 64 MB", xlim=(0, 165))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# A mapped parameter can be changed, and the file stays as it is. Build the optimizer after the load, as ``assign`` puts
# new parameters into the model. The page of :py:meth:`torch.nn.Module.load_state_dict` shows more, and that of
# :py:meth:`torch.nn.Module.to_empty` what a model from meta may still lack.

assert all(right and trainable for _, right, trainable in results.values())
assert unchanged
assert memory["copy"] > 1.5 * memory["assign"] and memory["assign"] > 3 * memory["assign, mmap"]
