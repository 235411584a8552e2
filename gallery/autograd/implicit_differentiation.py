"""
The gradient of a fixed point needs the fixed point, not the way to it
======================================================================

A layer solves an equation by iterating. Must autograd record the iterations? No: the implicit
function theorem gives the gradient from the solution alone, by solving one linear equation on the
way back. The graph has one step, whether the solver took ten or a thousand.
"""

# %%
# A layer that solves an equation
# -------------------------------
#
# It returns the ``z`` with ``z = tanh(W z + x)``, found by repeating the right side. Unrolled,
# every repetition is recorded.

import matplotlib.pyplot as plt
import torch

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

N = 12
place = torch.arange(1.0, N * N + 1)
weight = (torch.sin(place * place).view(N, N) * 0.22).requires_grad_()
x = torch.linspace(-1, 1, N).requires_grad_()


def right_side(z):
    """Return what ``z`` must be equal to."""
    return torch.tanh(weight @ z + x)


def unrolled(steps):
    """Return the result of ``steps`` repetitions, all recorded."""
    z = torch.zeros_like(x)
    for _ in range(steps):
        z = right_side(z)
    return z


# %%
# One recorded step
# -----------------
#
# The solver runs under :py:func:`torch.no_grad`. One more step is recorded, which gives the
# gradients of weight and input. A hook first solves ``g = grad + g J`` for the gradient that the
# recurrent connection sends round and round.


def implicit(steps):
    """Return the same value, with a graph of one step."""
    with torch.no_grad():
        solution = unrolled(steps)
    z = right_side(solution)
    start = solution.clone().requires_grad_()
    again = right_side(start)

    def solve(grad):
        total = grad
        for _ in range(steps):
            total = grad + torch.autograd.grad(again, start, total, retain_graph=True)[0]
        return total

    z.register_hook(solve)
    return z


loss = implicit(60).square().sum()
# torchproof: graph loss saved

# %%
# Memory and accuracy
# -------------------
#
# What the graph saves for backward, weights included, counted by hooks, and how far each gradient
# is from the right one, which a direct solution of the linear equation gives.


def saved_bytes(layer, steps):
    """Return the bytes that a pass saves, each storage once."""
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = layer(steps)
    assert result.requires_grad
    return sum(size for size, _ in kept.values())


def gradient(layer, steps):
    """Return the gradient of the sum of squares with respect to weight and input, as one vector."""
    grads = torch.autograd.grad(layer(steps).square().sum(), (weight, x))
    return torch.cat([grad.flatten() for grad in grads])


with torch.no_grad():
    solution = unrolled(200)
    slope = 1 - solution**2
    jacobian = slope[:, None] * weight
    direct = torch.linalg.solve((torch.eye(N) - jacobian).T, 2 * solution) * slope
    right = torch.cat([torch.outer(direct, solution).flatten(), direct])

counts = [2, 4, 8, 16, 32, 64]
layers = {"unrolled": unrolled, "implicit": implicit}
memory = {name: [saved_bytes(layer, steps) for steps in counts] for name, layer in layers.items()}
errors = {
    name: [((gradient(layer, steps) - right).norm() / right.norm()).item() for steps in counts]
    for name, layer in layers.items()
}

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
for name, color in {"unrolled": "tab:orange", "implicit": "tab:blue"}.items():
    ax.plot(counts, memory[name], "o-", color=color, lw=2, label=name)
    bx.semilogy(counts, errors[name], "o-", color=color, lw=2, label=name)
ax.set(
    xlabel="steps of the solver",
    ylabel="bytes saved for backward",
    title="Memory",
    ylim=(0, None),
)
bx.set(xlabel="steps of the solver", ylabel="relative error", title="Error of the gradient")
ax.legend(frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# Once solved well, both gradients are right. The implicit one is as good as its two solutions, so
# check the solver. Read on at :py:func:`torch.no_grad`, :py:meth:`torch.Tensor.register_hook` and,
# for the check, :py:func:`torch.autograd.gradcheck`.

for name in layers:
    assert errors[name][-1] < 1e-4 < 1e-2 < errors[name][0]
assert len(set(memory["implicit"])) == 1
growth = [after - before for before, after in zip(memory["unrolled"], memory["unrolled"][1:])]
steps = [after - before for before, after in zip(counts, counts[1:])]
assert len({size / step for size, step in zip(growth, steps)}) == 1 and growth[0] > 0
assert memory["unrolled"][-1] > 4 * memory["implicit"][-1]
