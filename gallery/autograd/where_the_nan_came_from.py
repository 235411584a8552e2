"""
A NaN gradient comes from a finite forward pass: find the operation, mask its input
===================================================================================

The loss is a number and the gradients are NaN. Which line did it? One whose derivative is infinite
where the values are finite, such as a square root at 0. Anomaly mode names it. A ``torch.where``
behind the operation does not help; one in front of it does.
"""

# %%
# A loss that is fine
# -------------------
#
# An embedding keeps points apart by the distances of their pairs. Two of the four points start in
# the same place, and the pairs of a point with itself have distance 0 anyway: ``torch.where`` masks
# those.

import warnings

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap

start = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
others = ~torch.eye(4, dtype=torch.bool)
NAMES = ("difference", "squared", "distance", "masked", "closeness")


def repulsion(points):
    """Return the loss and the steps on the way to it."""
    difference = points[:, None] - points
    squared = (difference**2).sum(-1)
    distance = torch.sqrt(squared)
    masked = torch.where(others, distance, torch.ones_like(distance))
    closeness = torch.exp(-masked)
    return closeness.mean(), (difference, squared, distance, masked, closeness)


points = start.clone().requires_grad_()
loss, steps = repulsion(points)
for step in steps:
    step.retain_grad()
loss.backward()
print(f"loss {loss.item():.4f}, gradient {points.grad.tolist()}")

# %%
# The gradient on its way back
# ----------------------------
#
# Each square is a pair of points, each panel a step; read from right to left, as backward runs. Two
# faults meet: the pair of equal points gives a true infinity, and on the diagonal the mask passes a
# 0 that ``sqrt`` multiplies by infinity.


def kind(gradient):
    """Return 0 where a gradient is finite, 1 where it is infinite, 2 where it is NaN."""
    found = gradient.isinf().int() + 2 * gradient.isnan().int()
    return found.amax(-1) if found.dim() == 3 else found


seen = {name: kind(step.grad).cpu() for name, step in zip(NAMES, steps, strict=True)}

fig, axes = plt.subplots(1, len(seen), figsize=(8, 2.5), layout="constrained")
for ax, (name, kinds) in zip(axes, seen.items(), strict=True):
    ax.imshow(kinds, cmap=ListedColormap(["#d5e8f5", "tab:orange", "0.25"]), vmin=0, vmax=2)
    ax.set(title=name, xticks=[], yticks=[])
for color, word in {"#d5e8f5": "finite", "tab:orange": "infinite", "0.25": "NaN"}.items():
    axes[2].plot([], [], "s", color=color, ms=9, label=word)
fig.legend(*axes[2].get_legend_handles_labels(), ncols=3, loc="outside lower center", frameon=False)
plt.show()

# %%
# The line that made it
# ---------------------
#
# Under :py:class:`torch.autograd.detect_anomaly` backward stops at the first node that returns NaN,
# and a warning has the line of the forward pass that recorded it.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        with torch.autograd.detect_anomaly():
            repulsion(start.clone().requires_grad_())[0].backward()
        message = ""
    except RuntimeError as error:
        message = str(error)
warned = "\n".join(str(warning.message) for warning in caught)
line = next(text.strip() for text in warned.splitlines() if "torch.sqrt" in text)
print(message)
print(line)

# %%
# Three repairs, two work
# -----------------------
#
# A ``where`` behind the square root is what one tries first: the infinite derivative is still
# computed, and 0 times infinity is NaN. A small number under the root bends the distance a little;
# a safe input in the place of 0 leaves it as it is.


def behind(squared):
    return torch.where(squared > 0, torch.sqrt(squared), torch.zeros_like(squared))


def epsilon(squared):
    return torch.sqrt(squared + 1e-12)


def in_front(squared):
    apart = squared > 0
    safe = torch.where(apart, squared, torch.ones_like(squared))
    return torch.where(apart, torch.sqrt(safe), torch.zeros_like(squared))


def gradient(root):
    """Return the gradient of the same loss with another square root."""
    points = start.clone().requires_grad_()
    distance = root(((points[:, None] - points) ** 2).sum(-1))
    closeness = torch.exp(-torch.where(others, distance, torch.ones_like(distance)))
    closeness.mean().backward()
    return points.grad


repaired = {root.__name__: gradient(root) for root in (behind, epsilon, in_front)}
for name, found in repaired.items():
    print(f"{name:9}", *(f"{value:.4f}" for value in found.flatten().tolist()))

# %%
# What was seen
# -------------
#
# Mask the input of an operation with an infinite derivative (``sqrt``, ``log``, ``acos``), not its
# result. The entry of :py:class:`torch.autograd.set_detect_anomaly` shows what the mode costs and
# what it misses.

assert loss.isfinite() and all(step.isfinite().all() for step in steps)
assert points.grad.isnan().all()
kinds = {name: set(kind.unique().tolist()) for name, kind in seen.items()}
assert kinds["closeness"] == kinds["masked"] == kinds["distance"] == {0}
assert kinds["squared"] == {0, 1, 2} and kinds["difference"] == {0, 2}
assert seen["squared"].diagonal().tolist() == [2] * 4, "masked, and NaN all the same"
assert seen["squared"][1, 2] == seen["squared"][2, 1] == 1, "equal points: infinite"
assert "'SqrtBackward0' returned nan values" in message
assert line == "distance = torch.sqrt(squared)"
assert repaired["behind"].isnan().all()
assert repaired["in_front"].isfinite().all() and repaired["in_front"].abs().sum() > 0.1
torch.testing.assert_close(repaired["epsilon"], repaired["in_front"], rtol=1e-3, atol=1e-4)
