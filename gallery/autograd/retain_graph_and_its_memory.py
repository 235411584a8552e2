"""
retain_graph silences an error, and memory and work grow with each step
=======================================================================

A second backward pass through the same graph raises, and the message names ``retain_graph=True``.
What does it cost to follow it? The saved tensors stay alive; in a loop that carries a hidden state
they add up, and each pass reads all of them again. One pass over the sum of the losses, or
:py:meth:`torch.Tensor.detach`, is what is meant.
"""

# %%
# Counting what is saved
# ----------------------
#
# Hooks wrap each saved tensor. The graph holds the wrapper and the meter only a weak reference to
# it, so the meter counts the bytes that the graph keeps alive, and how often they are read.

import weakref

import matplotlib.pyplot as plt
import torch

WIDTH, ROWS, STEPS = 8, 4, 12


class Saved:
    """One saved tensor."""

    def __init__(self, tensor):
        self.tensor = tensor.detach()


class Meter:
    """Counts the saved tensors that are alive, and those that are read."""

    def __init__(self, weight):
        self.saved, self.reads, self.weight = weakref.WeakSet(), 0, weight
        self.hooks = torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)

    def pack(self, tensor):
        """Wrap a tensor when it is saved."""
        saved = Saved(tensor)
        self.saved.add(saved)
        return saved

    def unpack(self, saved):
        """Give the tensor to the backward pass."""
        self.reads += 1
        return saved.tensor

    def alive(self):
        """Return the bytes alive, each memory block once, the weight left out."""
        sizes = {s.tensor.data_ptr(): s.tensor.nbytes for s in self.saved}
        return sum(sizes.values()) - sizes.get(self.weight.data_ptr(), 0)


def make_weight():
    """Return a weight whose entries depend on their position only."""
    place = torch.arange(WIDTH * WIDTH).view(WIDTH, WIDTH)
    return (0.5 * torch.sin(3.0 * place + 1.0)).requires_grad_()


# %%
# One graph
# ---------
#
# A pass with ``retain_graph=True`` leaves every byte where it is. The first pass without it frees
# them, and the next one raises.

x = torch.linspace(-1.0, 1.0, ROWS * WIDTH).view(ROWS, WIDTH)
weight = make_weight()
meter, error = Meter(weight), ""
with meter.hooks:
    loss = torch.tanh(torch.tanh(x @ weight) @ weight + x).square().mean()
held = [meter.alive()]
for retain in (True, True, False):
    loss.backward(retain_graph=retain)
    held.append(meter.alive())
try:
    loss.backward()
except RuntimeError as raised:
    error = str(raised)
print("bytes held:", held)
print(error.split(" (")[0])
# torchproof: graph loss

# %%
# A hidden state, carried from step to step
# -----------------------------------------
#
# Each step makes a loss from the hidden state. With ``retain_graph=True`` its pass goes back to the
# very first step; after :py:meth:`torch.Tensor.detach` it ends in its own. The sum of all losses
# takes one pass in the end.


def train(way):
    """Return the gradient, and after each step the bytes alive and the tensors read so far."""
    weight = make_weight()
    meter, hidden, losses, alive, reads = Meter(weight), x, [], [], []
    with meter.hooks:
        for _ in range(STEPS):
            if way == "detach":
                hidden = hidden.detach()
            hidden = torch.tanh(hidden @ weight + x)
            losses.append(hidden.square().mean())
            if way != "sum of losses":
                losses.pop().backward(retain_graph=way == "retain_graph=True")
            elif len(losses) == STEPS:
                sum(losses).backward()
            alive.append(meter.alive())
            reads.append(meter.reads)
    return weight.grad, alive, reads


ways = {"retain_graph=True": "tab:orange", "sum of losses": "tab:green", "detach": "tab:blue"}
grads, alive, reads = zip(*map(train, ways), strict=True)

steps = range(1, STEPS + 1)
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for ax, series in zip(axes, (alive, reads), strict=True):
    for (way, color), values in zip(ways.items(), series, strict=True):
        ax.plot(steps, values, "o--" if "sum" in way else "o-", color=color, lw=2, ms=4, label=way)
    ax.set(xlabel="step", xticks=steps[1::2], ylim=(0, None))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(ylabel="bytes", title="Kept alive after the step")
axes[1].set(ylabel="saved tensors", title="Read by backward passes so far")
axes[1].legend(frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# Retaining and summing give the same gradient, and retaining reads five times as much. ``detach``
# keeps nothing, and its gradient leaves out what lies further back. Read on at
# :py:meth:`torch.Tensor.backward` and :py:class:`torch.autograd.graph.saved_tensors_hooks`.

retained, summed, detached = 0, 1, 2
assert held == [3 * x.nbytes] * 3 + [0]
assert error.startswith("Trying to backward through the graph a second time (or directly access")
assert "Specify retain_graph=True if you need" in error, "the advice that is followed here"
assert alive[retained] == [(step + 1) * x.nbytes for step in steps], "x and each hidden state"
assert alive[summed] == [*alive[retained][:-1], 0] and alive[detached] == [0] * STEPS
assert reads[retained] == [3 * step * (step + 1) // 2 for step in steps]
assert reads[detached] == [3 * step for step in steps]
assert reads[summed] == [0] * (STEPS - 1) + [4 * STEPS - 1]
torch.testing.assert_close(grads[retained], grads[summed], rtol=1e-4, atol=1e-5)
assert (grads[detached] - grads[summed]).abs().max() > 0.01
