"""
Forward mode pays for each input, reverse mode for each output
==============================================================

A Jacobian can be computed with :py:func:`torch.autograd.forward_ad.make_dual` or with
:py:func:`torch.autograd.grad`. Which one takes fewer passes? It depends on the shape: forward
mode needs one pass for each input, reverse mode one for each output.
"""

# %%
# A function that counts its passes
# ---------------------------------
#
# A small network with weights that are written down. Its middle is a custom function with a formula
# for each mode, and both note that they were used.

import matplotlib.pyplot as plt
import torch
from torch.autograd import forward_ad

TOTAL, HIDDEN = 32, 16
used = {"forward": 0, "reverse": 0}


class Tanh(torch.autograd.Function):
    """The hyperbolic tangent, with counters in its derivatives."""

    @staticmethod
    def forward(ctx, x):
        """Return the value, and keep it for both derivatives."""
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        ctx.save_for_forward(y)
        return y

    @staticmethod
    def jvp(ctx, tangent):
        """Return the tangent of the value."""
        used["forward"] += 1
        return tangent * (1 - ctx.saved_tensors[0] ** 2)

    @staticmethod
    def backward(ctx, grad):
        """Return the gradient of the input."""
        used["reverse"] += 1
        return grad * (1 - ctx.saved_tensors[0] ** 2)


def make_function(inputs, outputs):
    """Return a function of ``inputs`` numbers with ``outputs`` results, and a point."""
    first = torch.sin(torch.arange(1.0, 1 + inputs * HIDDEN)).view(inputs, HIDDEN)
    second = torch.cos(torch.arange(1.0, 1 + HIDDEN * outputs)).view(HIDDEN, outputs)
    return lambda x: Tanh.apply(x @ first / inputs) @ second, torch.linspace(-1, 1, inputs)


# %%
# Column by column, row by row
# ----------------------------
#
# Forward mode runs the function once for each column, with another direction as tangent. Reverse
# mode records it once and walks the graph for each row.


def by_columns(function, x):
    """Return the Jacobian from forward mode."""
    columns = []
    with forward_ad.dual_level():
        for direction in torch.eye(x.numel()):
            y = function(forward_ad.make_dual(x, direction))
            columns.append(forward_ad.unpack_dual(y).tangent)
    return torch.stack(columns, dim=1)


def by_rows(function, x):
    """Return the Jacobian from reverse mode."""
    x = x.detach().requires_grad_()
    y = function(x)
    rows = [
        torch.autograd.grad(y, x, weights, retain_graph=True)[0] for weights in torch.eye(y.numel())
    ]
    return torch.stack(rows)


function, point = make_function(4, 2)
y = function(point.requires_grad_())
# torchproof: graph y

# %%
# The passes, counted
# -------------------
#
# Inputs and outputs add up to 32, and the shape goes from one input to one output. The lines cross
# where the Jacobian is square.

shapes = [(n, TOTAL - n) for n in (1, *range(4, TOTAL, 4), TOTAL - 1)]
passes, agree = {"forward": [], "reverse": []}, []
for inputs, outputs in shapes:
    function, x = make_function(inputs, outputs)
    used.update(forward=0, reverse=0)
    agree.append(torch.allclose(by_columns(function, x), by_rows(function, x), atol=1e-5))
    for mode, count in used.items():
        passes[mode].append(count)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for mode, color in (("forward", "tab:blue"), ("reverse", "tab:orange")):
    ax.plot([n for n, _ in shapes], passes[mode], "o-", color=color, lw=2, label=f"{mode} mode")
ax.set(xlabel="shape of the function", ylabel="passes", title="The narrow side decides")
ax.set(ylim=(0, TOTAL + 6))
shown = [shapes[i] for i in (0, 2, 4, 6, 8)]
ax.set_xticks([n for n, _ in shown], [f"{n} in, {m} out" for n, m in shown], fontsize=8)
ax.legend(frameon=False, loc="upper center", ncols=2)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# A loss has one output: that is why training uses :py:meth:`torch.Tensor.backward`. A function of
# one parameter, such as time, is the case for :py:class:`torch.autograd.forward_ad.dual_level`.
# :py:func:`torch.autograd.functional.jacobian` offers both modes as ``strategy``.

assert all(agree), "both modes compute the same Jacobian"
assert passes["forward"] == [inputs for inputs, _ in shapes]
assert passes["reverse"] == [outputs for _, outputs in shapes]
