"""
A tensor used twice gets the sum of its gradients
=================================================

If a result depends on ``x`` along two paths, which of them does ``x.grad`` belong to? To both: the
chain rule adds what comes back along each path, and :py:meth:`torch.Tensor.backward` writes the
sum once. A second sum is easily confused with the first: each further backward pass adds to
:py:attr:`torch.Tensor.grad`.
"""

# %%
# Two paths
# ---------
#
# ``y`` depends on ``x`` through ``left`` and through ``right``. The recorded graph shows both ways
# back to the same leaf.

import matplotlib.pyplot as plt
import torch

x = torch.tensor(1.5, requires_grad=True)
left = x**2
right = 2 * torch.sin(x)
y = left + right
# torchproof: graph y

# %%
# One gradient for each path
# --------------------------
#
# :py:func:`torch.autograd.grad` differentiates each path alone, for many values of ``x``, and
# touches no ``.grad``. Then one backward pass goes through both.

points = torch.linspace(-2.0, 2.0, 17).requires_grad_()
paths = {"left": points**2, "right": 2 * torch.sin(points)}
alone = {
    name: torch.autograd.grad(path.sum(), points, retain_graph=True)[0]
    for name, path in paths.items()
}
assert points.grad is None

(paths["left"] + paths["right"]).sum().backward()

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
at = points.detach().cpu()
through_left, through_right = alone["left"].cpu(), alone["right"].cpu()
ax.plot(at, through_left, color="tab:blue", lw=2, label="through left: 2x")
ax.plot(at, through_right, color="tab:orange", lw=2, label="through right: 2 cos x")
ax.plot(at, points.grad.cpu(), "o", color="black", ms=5, label="x.grad after one backward")
ax.plot(at, through_left + through_right, color="black", lw=1, alpha=0.5, label="sum of both")
ax.axhline(0, color="0.8", lw=1, zorder=0)
ax.set(xlabel="x", ylabel="gradient", title="One leaf, two paths: the gradients add up")
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The sum is written once
# -----------------------
#
# A hook that runs after ``.grad`` was written is called once, with the finished sum. The engine
# adds up in buffers of its own.

written = []
x.register_post_accumulate_grad_hook(lambda leaf: written.append(leaf.grad.item()))
y.backward()
print(f"written {len(written)} time: {written[0]:.4f}")

# %%
# The other sum
# -------------
#
# Five passes over equal graphs: ``.grad`` grows by the same amount each time. Set to ``None``
# before each pass, as :py:meth:`torch.optim.Optimizer.zero_grad` does, it stays at the gradient of
# one pass.

kept = torch.tensor(1.5, requires_grad=True)
cleared = torch.tensor(1.5, requires_grad=True)
kept_history, cleared_history = [], []
for _ in range(5):
    (kept**2).backward()
    kept_history.append(kept.grad.item())
    cleared.grad = None
    (cleared**2).backward()
    cleared_history.append(cleared.grad.item())

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
number = torch.arange(1, 6).cpu()
ax.bar(number - 0.2, kept_history, width=0.4, color="tab:orange", label="never cleared")
ax.bar(number + 0.2, cleared_history, width=0.4, color="tab:blue", label="cleared before each pass")
ax.set(
    xlabel="backward pass", ylabel="x.grad", title="Passes add up as well, until .grad is cleared"
)
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Within a pass the sum is the chain rule; across passes it is a choice. The entries of
# :py:meth:`torch.Tensor.backward` and :py:attr:`torch.Tensor.grad` show what follows from each.

torch.testing.assert_close(points.grad, alone["left"] + alone["right"])
torch.testing.assert_close(x.grad, 2 * x.detach() + 2 * torch.cos(x.detach()))
assert len(written) == 1 and written[0] == x.grad.item()
assert kept_history == [3.0, 6.0, 9.0, 12.0, 15.0]
assert cleared_history == [3.0] * 5
