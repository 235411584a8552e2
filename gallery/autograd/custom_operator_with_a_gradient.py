"""
A custom operator gets its gradient from register_autograd, and opcheck checks it
=================================================================================

A function that autograd cannot look into, such as one from a foreign library, shall be
differentiated. How is it made an operator of torch? ``torch.library.custom_op`` wraps it,
``register_fake`` gives its shapes, ``register_autograd`` its derivative. Two checks find what is
wrong: :py:func:`torch.autograd.gradcheck` and ``torch.library.opcheck``.
"""

# %%
# Sparsemax
# ---------
#
# Like softmax it makes probabilities of scores, but small scores get exactly 0: it is the nearest
# point of the simplex. The loop in plain Python stands for a kernel that autograd does not see.

import matplotlib.pyplot as plt
import torch
from torch import Tensor

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})


@torch.library.custom_op("torchproof_gallery::sparsemax", mutates_args=())
def sparsemax(scores: Tensor) -> Tensor:
    """Return the nearest point of the simplex to each row of scores."""
    rows = []
    for row in scores.tolist():
        total, threshold = 0.0, 0.0
        for count, score in enumerate(sorted(row, reverse=True), 1):
            if 1 + count * score > total + score:
                total += score
                threshold = (total - 1) / count
        rows.append([max(score - threshold, 0.0) for score in row])
    return torch.tensor(rows, dtype=scores.dtype, device=scores.device)


@sparsemax.register_fake
def _(scores):
    return torch.empty_like(scores)


scores = torch.tensor([[0.2, 0.9, 1.1], [2.0, 0.1, 0.0]])
print(sparsemax(scores))

# %%
# The derivative
# --------------
#
# Among the entries that are not 0, each gets its gradient minus the mean of theirs.
# ``setup_context`` saves what ``backward`` needs; here the result is enough.


def setup_context(ctx, inputs, output):
    ctx.save_for_backward(output)


def backward(ctx, grad):
    (output,) = ctx.saved_tensors
    support = output > 0
    mean = (grad * support).sum(-1, keepdim=True) / support.sum(-1, keepdim=True)
    return torch.where(support, grad - mean, torch.zeros_like(grad))


sparsemax.register_autograd(backward, setup_context=setup_context)
leaf = scores.clone().requires_grad_()
result = sparsemax(leaf)
loss = result[:, 1].sum()
# torchproof: graph loss saved

# %%
# Value and slope
# ---------------
#
# The first of three scores is moved, the others are 0 and 0.5. Dots are finite differences.

moved = torch.linspace(-2, 3, 101, dtype=torch.float64)


def first_of(function, first):
    """Return the first probability, as a function of the first score."""
    others = torch.tensor([0.0, 0.5], dtype=torch.float64).expand(len(first), 2)
    return function(torch.cat([first[:, None], others], dim=1))[:, 0]


fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
functions = {
    "softmax": (lambda s: torch.softmax(s, -1), "tab:orange"),
    "sparsemax": (sparsemax, "tab:blue"),
}
curves = {}
for name, (function, color) in functions.items():
    at = moved.clone().requires_grad_()
    value = first_of(function, at)
    (slope,) = torch.autograd.grad(value.sum(), at)
    measured = (first_of(function, moved + 1e-4) - first_of(function, moved - 1e-4)) / 2e-4
    curves[name] = value.detach(), slope, measured
    ax.plot(moved.cpu(), value.detach().cpu(), color=color, lw=2, label=name)
    bx.plot(moved.cpu(), slope.cpu(), color=color, lw=2)
    bx.plot(moved.cpu()[::4], measured.cpu()[::4], "o", color=color, ms=4)
ax.set(xlabel="first score", ylabel="first probability", title="Value")
bx.set(xlabel="first score", ylabel="slope", title="Slope (dots: measured)")
ax.legend(frameon=False)
plt.show()

# %%
# Both checks
# -----------
#
# ``gradcheck`` compares the derivative with finite differences. ``opcheck`` runs the operator in
# ways that training and compiling would: does the schema tell the truth, is the derivative
# registered in the right place, does ``register_fake`` give the right shapes?

TESTS = ("test_schema", "test_autograd_registration", "test_faketensor")
inputs = scores.double().requires_grad_()
checked = torch.autograd.gradcheck(sparsemax, inputs)
on_cpu = inputs.detach().cpu().requires_grad_()  # opcheck knows only the usual devices
report = torch.library.opcheck(sparsemax, (on_cpu,), test_utils=TESTS)


@torch.library.custom_op("torchproof_gallery::doubled", mutates_args=())
def doubled(x: Tensor) -> Tensor:
    """Double the argument, and forget to say that it is written."""
    return x.mul_(2).clone()


found = torch.library.opcheck(
    doubled, (torch.ones(3, device="cpu"),), test_utils=TESTS[:1], raise_exception=False
)
print(str(found["test_schema"]).splitlines()[0])

# %%
# What was seen
# -------------
#
# A custom operator is the way for kernels and foreign code; for a derivative of torch operations,
# :py:class:`torch.autograd.Function` is enough.

torch.testing.assert_close(result, torch.tensor([[0.0, 0.4, 0.6], [1.0, 0.0, 0.0]]))
loss.backward()
torch.testing.assert_close(leaf.grad, torch.tensor([[0.0, 0.5, -0.5], [0.0, 0.0, 0.0]]))
value, slope, measured = curves["sparsemax"]
assert (value == 0).sum() > 20 and (value == 1).sum() > 20 and (curves["softmax"][0] > 0).all()
smooth = (slope - measured).abs() < 1e-6
assert smooth.sum() >= len(moved) - 6, "but for the kinks"
assert {round(value, 3) for value in slope.tolist()} == {0.0, 0.5, 0.667}
assert checked and set(report.values()) == {"SUCCESS"}
assert "mutated" in str(found["test_schema"])
