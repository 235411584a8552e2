"""
The sharpest curvature is found without the Hessian
===================================================

The Hessian of a model with *n* weights has *n* times *n* entries. Is it needed to find its largest
eigenvalue, the sharpest curvature of the loss? No: products with vectors are enough, and
:py:func:`torch.autograd.functional.vhp` computes one in two passes, for 3 weights and for 192.
"""

# %%
# A loss as a function of its weights
# -----------------------------------
#
# A small network on 16 points. Its weights are one vector, and the start depends on the position.

from unittest import mock

import matplotlib.pyplot as plt
import torch
from torch.autograd import functional

x = torch.linspace(-2, 2, 16, dtype=torch.float64)[:, None]
y = torch.sin(2 * x)


def loss(weights):
    """Return the mean squared error of a network with one hidden layer."""
    first, bias, second = weights.view(3, -1)
    return ((torch.tanh(x * first + bias) @ second[:, None] - y) ** 2).mean()


def start(n):
    """Return ``n`` weights, a multiple of three."""
    return torch.sin(torch.arange(1.0, n + 1, dtype=torch.float64))


weights = start(6).requires_grad_()
value = loss(weights)
# torchproof: graph value

# %%
# What a product costs
# --------------------
#
# Each backward pass is a run of autograd's engine, which is counted. The Hessian
# takes one for the gradient and one for each row; the product takes two.


def count_passes(call, *args):
    """Return how often ``call`` goes through a graph."""
    engine = torch.autograd._engine_run_backward
    with mock.patch.object(torch.autograd, "_engine_run_backward", wraps=engine) as run:
        call(loss, *args)
    return run.call_count


sizes = [3, 6, 12, 24, 48, 96, 192]
full = [count_passes(functional.hessian, start(n)) for n in sizes]
product = [count_passes(functional.vhp, start(n), start(n)) for n in sizes]

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.loglog(sizes, full, "o-", color="tab:orange", lw=2, label="hessian")
ax.loglog(sizes, product, "o-", color="tab:blue", lw=2, label="vhp")
ax.set(xlabel="weights", ylabel="backward passes", title="A product takes two passes")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Power iteration
# ---------------
#
# Multiply a vector by the Hessian, make it one long, repeat: it turns towards the eigenvector of
# the eigenvalue that is largest in magnitude. Here that is the largest one, the dashed line.

N, STEPS = 96, 20
point = start(N)


def iterate(steps, shift=0.0):
    """Return an estimate after each step, for the eigenvalue furthest from ``shift``."""
    vector = torch.ones(N, dtype=torch.float64) / N**0.5
    estimates = []
    for _ in range(steps):
        turned = functional.vhp(loss, point, vector)[1] - shift * vector
        estimates.append((vector @ turned).item() + shift)
        vector = turned / turned.norm()
    return estimates


estimates = iterate(STEPS)
hessian = functional.hessian(loss, point)
smallest, *_, largest = torch.linalg.eigvalsh(hessian).tolist()

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.axhline(largest, color="0.6", ls="--", lw=1.5, label=f"from the Hessian, {N + 1} passes")
ax.plot(range(2, 2 * STEPS + 1, 2), estimates, "o-", color="tab:blue", lw=2, label="from products")
ax.set(
    xlabel="backward passes",
    ylabel="largest eigenvalue",
    title=f"{N} weights: a few products are enough",
)
ax.legend(frameon=False, loc="lower right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The other end
# -------------
#
# A saddle has negative curvature too. Shifted by the largest eigenvalue, the iteration finds the
# smallest one, in more steps.

print(f"smallest: {iterate(80, shift=largest)[-1]:.1f}, largest: {estimates[-1]:.1f}")

# %%
# What was seen
# -------------
#
# The product equals the Hessian times the vector, and the estimate meets the eigenvalue with fewer
# passes and without a matrix. Read on at :py:func:`torch.autograd.functional.vhp` and
# :py:func:`torch.autograd.functional.hessian`.

assert full == [n + 1 for n in sizes]
assert product == [2] * len(sizes)
direction = start(N)
_, one_product = functional.vhp(loss, point, direction)
torch.testing.assert_close(one_product, hessian @ direction)
assert abs(estimates[-1] / largest - 1) < 1e-3
assert -largest < smallest < 0
assert abs(iterate(80, shift=largest)[-1] / smallest - 1) < 1e-3
assert 2 * STEPS < N + 1
