"""
Truncated backpropagation costs a constant and misses what lies before the window
=================================================================================

A recurrent network reads a sequence that is too long for one graph. Where can the graph be cut?
Wherever the state is detached: the values go on, the history does not. The price can be measured:
inputs before the window get no gradient, and the gradient of the weights lacks their part.
"""

# %%
# The state goes on, the graph does not
# -------------------------------------
#
# One loss and one backward pass for each window. Between two windows :py:meth:`torch.Tensor.detach`
# makes the state a constant. The memory of the cell is set by hand: what it keeps of its state at
# each step.

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

LENGTH, WIDTH, SIZE = 64, 8, 8
x = torch.sin(torch.arange(1.0, LENGTH + 1) ** 2 / 7).view(LENGTH, 1, 1)
wanted = torch.cos(torch.arange(1.0, LENGTH + 1) / 5).view(LENGTH, 1, 1)


def make_model(memory=0.9):
    cell, read = nn.RNNCell(1, WIDTH), nn.Linear(WIDTH, 1)
    with torch.no_grad():
        for p in (*cell.parameters(), *read.parameters()):
            p.copy_(0.2 * torch.sin(3.0 * torch.arange(p.numel()) + 1.0).view_as(p))
        cell.weight_hh.copy_(memory * torch.eye(WIDTH).roll(1, 0))
    return cell, read


def windows(cell, read, size, inputs=x, cut=True):
    state = torch.zeros(1, WIDTH)
    for start in range(0, LENGTH, size):
        if cut:
            state = state.detach()
        loss = torch.zeros(())
        for step in range(start, start + size):
            state = cell(inputs[step], state)
            loss = loss + (read(state) - wanted[step]).square().mean() / LENGTH
        yield loss


# %%
# Without the cut
# ---------------
#
# The second window leads back into the first, whose graph has been freed. ``retain_graph=True``
# silences the error, and each pass then goes through the whole past.

refusal = ""
try:
    for loss in windows(*make_model(), SIZE, cut=False):
        loss.backward()
except RuntimeError as error:
    refusal = str(error)
print(refusal.split(" (")[0])


def count_nodes(loss):
    seen, found = set(), [loss.grad_fn]
    while found:
        node = found.pop()
        if node is not None and node not in seen:
            seen.add(node)
            found += [following for following, _ in node.next_functions]
    return len(seen)


nodes = {
    cut: [count_nodes(loss) for loss in windows(*make_model(), SIZE, cut=cut)]
    for cut in (True, False)
}

# %%
# What a pass goes through, and how far it reaches
# ------------------------------------------------
#
# On the left the nodes behind the loss of each window. On the right the gradient of the last loss
# with respect to each input: with the cut it ends at the window.

reach = {}
for cut in (True, False):
    inputs = x.clone().requires_grad_()
    *_, last = windows(*make_model(), SIZE, inputs, cut=cut)
    reach[cut] = torch.autograd.grad(last, inputs)[0].abs().flatten()

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
for cut, color, name in (
    (False, "tab:orange", "not cut"),
    (True, "tab:blue", "state detached"),
):
    ax.plot(range(1, LENGTH // SIZE + 1), nodes[cut], "o-", color=color, lw=2, label=name)
    bx.plot(reach[cut].cpu(), "o", color=color, ms=3 if cut else 6, label=name)
ax.set(xlabel="window", ylabel="nodes", title="Behind the loss of a window", ylim=(0, None))
ax.legend(frameon=False)
bx.axvspan(LENGTH - SIZE - 0.5, LENGTH, color="0.93", zorder=0)
bx.set(xlabel="input", ylabel="gradient of the last loss", title="The last window (grey)")
bx.set_yscale("symlog", linthresh=1e-6)
plt.show()

# %%
# How long a window must be
# -------------------------
#
# The gradient of the recurrent weights, added up over all windows, against that of one graph for
# the whole sequence. A cell that forgets soon needs a short window.


def gradient(memory, size):
    cell, read = make_model(memory)
    for loss in windows(cell, read, size):
        loss.backward()
    return cell.weight_hh.grad


sizes, memories = [1, 2, 4, 8, 16, 32, 64], [0.3, 0.6, 0.9]
errors = {}
for memory in memories:
    whole = gradient(memory, LENGTH)
    errors[memory] = [((gradient(memory, s) - whole).norm() / whole.norm()).item() for s in sizes]

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for memory, color in zip(memories, ["tab:green", "tab:blue", "tab:orange"], strict=True):
    ax.plot(sizes[:-1], errors[memory][:-1], "o-", color=color, lw=2, label=f"keeps {memory}")
ax.set_xscale("log", base=2)
ax.set(xlabel="steps in a window", ylabel="relative error", title="Gradient of the weights")
ax.set_xticks(sizes[:-1], sizes[:-1])
ax.legend(title="of its state, a step", frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# Detach the state once for each window, and choose windows longer than the memory that is to be
# learnt. The entry of :py:meth:`torch.Tensor.detach` says what a detached tensor shares.

assert refusal.startswith("Trying to backward through the graph a second time")
assert max(nodes[True]) - min(nodes[True]) <= 2
steps = [after - before for before, after in zip(nodes[False], nodes[False][1:])]
assert len(set(steps)) == 1 and steps[0] > 0.4 * nodes[True][0]
assert reach[True][:-SIZE].count_nonzero() == 0 and reach[True][-SIZE:].min() > 0
torch.testing.assert_close(reach[True][-SIZE:], reach[False][-SIZE:])
assert reach[False].min() > 0
for memory in memories:
    assert errors[memory][-1] == 0 and errors[memory][0] > 3 * errors[memory][-2]
assert errors[0.3][2] < 0.3 * errors[0.9][2]
