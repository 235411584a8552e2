"""
Two child processes train one shared model at once while the parent watches
===========================================================================

Does the parent see what a child process does to a model? After :py:meth:`torch.nn.Module.share_memory` it does, at
each step and without a message that carries weights. Without it, a forked child trains a copy of its own, and the
parent's model does not move.
"""

# %%
# One step at a time
# ------------------
#
# The child makes a step when it is told to, and answers with its own weight. So parent and child take turns, and the
# result is the same each time. Forking exists on Linux and macOS; memory that processes share is a matter of the CPU.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.multiprocessing import get_context

STEPS = 20
fork = get_context("fork")


def step(model, optimizer, x, y):
    optimizer.zero_grad()
    (model(x) - y).square().sum().backward()
    optimizer.step()


def train(model, pipe):
    """Fit y = 3 x, one step for each message."""
    torch.set_num_threads(1)
    x = torch.ones(1, 1, device="cpu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, foreach=False)
    while pipe.recv():
        step(model, optimizer, x, 3 * x)
        pipe.send((model.weight.item(), model.weight.grad.item()))
    pipe.close()


def watch(model):
    """Return the child's weight and the parent's weight after each step."""
    here, there = fork.Pipe()
    child = fork.Process(target=train, args=(model, there))
    child.start()
    theirs, ours = [], []
    for _ in range(STEPS):
        here.send(True)
        weight, _ = here.recv()
        theirs.append(weight)
        ours.append(model.weight.item())
    here.send(False)
    child.join()
    return theirs, ours


def new_model(features=1):
    model = nn.Linear(features, 1, bias=False, device="cpu")
    nn.init.zeros_(model.weight)
    return model


# %%
# What the parent sees
# --------------------
#
# In both cases the child learns the weight 3. Only the shared model learns it in the parent, too.

alone, shared = new_model(), new_model().share_memory()
seen = {"without share_memory()": watch(alone), "with share_memory()": watch(shared)}

fig, axes = plt.subplots(1, 2, figsize=(6, 3.5), layout="constrained", sharey=True)
for ax, (title, (theirs, ours)) in zip(axes, seen.items()):
    ax.plot(theirs, color="tab:blue", alpha=0.4, lw=6, label="in the child")
    ax.plot(ours, color="tab:orange", lw=2, label="in the parent")
    ax.set(title=title, xlabel="step")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("weight")
axes[0].legend(frameon=False, loc="center right")
plt.show()

# %%
# Two children at once
# --------------------
#
# One child has data for the first weight, the other for the second. Neither waits for the other, and each has gradients
# of its own, as those are made after sharing.


def train_one(model, place, target):
    """Fit one of the weights, without waiting."""
    torch.set_num_threads(1)
    x = torch.zeros(1, 2, device="cpu")
    x[0, place] = 1.0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, foreach=False)
    for _ in range(300):
        step(model, optimizer, x, target)


def train_together(targets):
    """Return the weights after children have trained one shared model at once, one child for each target."""
    model = new_model(features=2).share_memory()
    children = [fork.Process(target=train_one, args=(model, *target)) for target in targets.items()]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert model.weight.grad is None and [child.exitcode for child in children] == [0] * len(children)
    return model.weight.tolist()[0]


one, both = train_together({0: 3.0}), train_together({0: 3.0, 1: -2.0})
print("one child:   ", [round(weight, 1) for weight in one])
print("two children:", [round(weight, 1) for weight in both])

# %%
# What was seen
# -------------
#
# The weights are shared, the gradients are not: they were made later, in the child. The entry of
# :py:meth:`torch.nn.Module.share_memory` says what moves.

for title, (theirs, ours) in seen.items():
    assert abs(theirs[-1] - 3) < 0.05
    assert ours == (theirs if title == "with share_memory()" else [0.0] * STEPS)
assert shared.weight.is_shared() and not alone.weight.is_shared()
assert shared.weight.grad is None
assert abs(one[0] - 3) < 0.05 and one[1] == 0.0
assert abs(both[0] - 3) < 0.05 and abs(both[1] + 2) < 0.05
