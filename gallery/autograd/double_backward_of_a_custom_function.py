"""
A saved intermediate loses a term of the second derivative
==========================================================

A custom function passes :py:func:`torch.autograd.gradcheck`. Is its second derivative right too?
Not by itself: what ``backward`` computes from an input or an output of the function is
differentiated again, what it computes from an intermediate is not.
:py:func:`torch.autograd.gradgradcheck` tells the two apart.
"""

# %%
# One function, written twice
# ---------------------------
#
# Both compute a bump, ``exp(-x²)``, with the same derivative. ``FromOutput`` saves the input and
# the output; ``FromIntermediate`` saves the slope, which is neither.

import matplotlib.pyplot as plt
import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class FromOutput(Function):
    """``exp(-x²)``, derivative from what went in and came out."""

    @staticmethod
    def forward(ctx, x):
        """Compute the bump."""
        y = torch.exp(-x * x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        """Multiply by the slope."""
        x, y = ctx.saved_tensors
        return -2 * x * y * grad


class FromIntermediate(Function):
    """``exp(-x²)``, derivative from a slope computed on the way."""

    @staticmethod
    def forward(ctx, x):
        """Compute the bump."""
        y = torch.exp(-x * x)
        ctx.save_for_backward(-2 * x * y)
        return y

    @staticmethod
    def backward(ctx, grad):
        """Multiply by the slope."""
        (slope,) = ctx.saved_tensors
        return slope * grad


x = torch.linspace(-2.0, 2.0, 81, dtype=torch.float64, requires_grad=True)


def first_derivative(bump):
    """Return the derivative of the squared bump at ``x``, with its graph."""
    (slope,) = torch.autograd.grad((bump(x) ** 2).sum(), x, create_graph=True)
    return slope


right, wrong = first_derivative(FromOutput.apply), first_derivative(FromIntermediate.apply)

# %%
# What was recorded
# -----------------
#
# The derivative of ``FromOutput`` is recorded: its graph leads to ``x`` through the input and the
# output.

print(f"first derivatives differ by {(right - wrong).abs().max().item():.1g}")
# torchproof: graph right

# %%
# In that of ``FromIntermediate`` the saved slope is a constant: the graph does not show that it
# came from ``x``.

assert wrong.requires_grad
# torchproof: graph wrong

# %%
# The second derivative
# ---------------------
#
# No error, no warning: one of the two terms of the product rule is gone. Plain operations, without
# a custom function, give the black line.

(second_right,) = torch.autograd.grad(right.sum(), x)
(second_wrong,) = torch.autograd.grad(wrong.sum(), x)
(second_plain,) = torch.autograd.grad(first_derivative(lambda x: torch.exp(-x * x)).sum(), x)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
at = x.detach().cpu()
ax.axhline(0, color="0.8", lw=1, zorder=0)
ax.plot(at, second_plain.cpu(), color="black", lw=2, label="plain operations")
ax.plot(at[::4], second_right.cpu()[::4], "o", color="tab:blue", label="from the output")
ax.plot(at[::4], second_wrong.cpu()[::4], "o", color="tab:orange", label="from an intermediate")
ax.set(xlabel="x", ylabel="second derivative", title="The intermediate loses a term")
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Both checks
# -----------
#
# ``gradcheck`` compares the first derivative with finite differences, ``gradgradcheck`` the second.
# A third version forbids the second derivative with
# :py:func:`torch.autograd.function.once_differentiable`.


class Once(FromIntermediate):
    """The same slope, and an error instead of a wrong second derivative."""

    backward = staticmethod(once_differentiable(FromIntermediate.backward))


checks = {}
few = torch.tensor([-1.0, 0.3, 0.8], dtype=torch.float64, requires_grad=True)
for function in (FromOutput, FromIntermediate):
    checks[function.__name__] = [
        check(function.apply, few, raise_exception=False)
        for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck)
    ]
    print(f"{function.__name__:18}", *checks[function.__name__])

try:
    first_derivative(Once.apply).sum().backward()
except RuntimeError as error:
    print(refusal := str(error))

# %%
# What was seen
# -------------
#
# Save inputs and outputs, or refuse. The entries of
# :py:meth:`torch.autograd.Function.save_for_backward` and
# :py:func:`torch.autograd.function.once_differentiable` say more, also where the refusal has gaps.

torch.testing.assert_close(right, wrong)
torch.testing.assert_close(second_right, second_plain)
torch.testing.assert_close(second_wrong, 8 * x**2 * torch.exp(-2 * x * x))
assert (second_plain - second_wrong).abs().max() > 3
assert checks == {"FromOutput": [True, True], "FromIntermediate": [True, False]}
assert refusal.startswith("trying to differentiate twice")
