"""
detach cuts the graph and shares the memory
===========================================

Is :py:meth:`torch.Tensor.detach` a copy? No: a write to the detached tensor changes the original.
Autograd notices, because both share one version counter; through :py:attr:`torch.Tensor.data` it
notices nothing and the gradient is wrong.
"""

# %%
# Five ways to take a tensor out
# ------------------------------
#
# Each is written to, and the original is looked at: did its value change, and did its counter?

import matplotlib.pyplot as plt
import torch

ways = {
    "x.detach()": lambda x: x.detach(),
    "x.data": lambda x: x.data,
    "x.view(-1)": lambda x: x.view(-1),
    "x.clone()": lambda x: x.clone(),
    "x.detach().clone()": lambda x: x.detach().clone(),
}
QUESTIONS = ("cut from\nthe graph", "shares\nmemory", "write is\ncounted")


def answers(way):
    """Return whether the result is cut, shares memory, and counts a write on the original."""
    x = torch.tensor([1.0, 2.0], requires_grad=True) * 1
    out = way(x)
    cut = not out.requires_grad
    before = x._version
    with torch.no_grad():
        out.mul_(10)
    return cut, x.tolist() == [10.0, 20.0], x._version > before


table = {name: answers(way) for name, way in ways.items()}
for name, row in table.items():
    print(f"{name:20}", *("yes" if answer else "no " for answer in row))

# %%
# The same as a picture
# ---------------------
#
# The second row is the dangerous one: shared memory, and a write that nobody counts.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.set_aspect("auto")
for row, (name, marks) in enumerate(table.items()):
    for column, mark in enumerate(marks):
        color = "tab:blue" if mark else "0.93"
        danger = name == "x.data" and column == 2
        ax.add_patch(
            plt.Rectangle(
                (column - 0.45, row - 0.4), 0.9, 0.8, fc="tab:orange" if danger else color
            )
        )
        ax.text(
            column,
            row,
            "yes" if mark else "no",
            ha="center",
            va="center",
            color="white" if mark or danger else "0.4",
        )
ax.set(xlim=(-0.5, 2.5), ylim=(4.5, -0.5), title="What a write to the result does to x")
ax.set_xticks(range(3), QUESTIONS)
ax.set_yticks(range(5), list(table), family="monospace")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
plt.show()

# %%
# Noticed or not
# --------------
#
# The loss saved ``x`` for its backward pass; then ``x`` is multiplied by ten behind its back. The
# gradient of ``x * x`` at 1 and 2 is 2 and 4.


def gradient_after_write(way):
    """Return the gradient, or the message that the backward pass raised."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    way(x).mul_(10)
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error).split(";")[0].split(": ", 1)[0]
    return x.grad.tolist()


seen = {name: gradient_after_write(ways[name]) for name in ("x.detach()", "x.data")}
seen["x.detach().clone()"] = gradient_after_write(ways["x.detach().clone()"])
for name, result in seen.items():
    print(f"{name}: {result}")

# %%
# What was seen
# -------------
#
# Write through ``no_grad`` or a clone, never through ``.data``. Read on at
# :py:meth:`torch.Tensor.detach` and :py:attr:`torch.Tensor._version`.

assert table == {
    "x.detach()": (True, True, True),
    "x.data": (True, True, False),
    "x.view(-1)": (False, True, True),
    "x.clone()": (False, False, False),
    "x.detach().clone()": (True, False, False),
}
assert "modified by an inplace operation" in seen["x.detach()"]
assert seen["x.data"] == [20.0, 40.0], "wrong, and nothing raised"
assert seen["x.detach().clone()"] == [2.0, 4.0], "right"
