"""
A zero gradient still moves the weights, a missing one does not
===============================================================

:py:meth:`torch.optim.Optimizer.zero_grad` sets gradients to ``None``; with ``set_to_none=False``,
the default before torch 2.0, it fills them with zeros. Is there a difference? Yes, for a parameter
that the next backward pass does not reach: :py:meth:`torch.optim.Optimizer.step` skips ``None``,
while with a zero it still applies momentum and weight decay.
"""

# %%
# A head that is not used
# -----------------------
#
# Two heads share an optimizer. The second one takes part in the loss for five steps, and no longer
# after that.

import matplotlib.pyplot as plt
import torch
from torch import nn

USED, STEPS = 5, 30


def train(set_to_none, **settings):
    """Return the weight of the second head after each step."""
    first = nn.Parameter(torch.tensor(1.0))
    second = nn.Parameter(torch.tensor(0.0))
    optimizer = torch.optim.SGD([first, second], lr=0.05, **settings)
    weights = [second.item()]
    for step in range(STEPS):
        loss = (first - 3) ** 2
        if step < USED:
            loss = loss + (second - 2) ** 2
        optimizer.zero_grad(set_to_none=set_to_none)
        loss.backward()
        optimizer.step()
        weights.append(second.item())
    return weights


# %%
# Plain SGD, momentum, weight decay
# ---------------------------------
#
# Each panel trains twice. On the left of the line both heads are used; on the right the gradient
# of the second head is zero (orange) or ``None`` (blue).

cases = {
    "plain SGD": {},
    "momentum 0.9": {"momentum": 0.9},
    "weight decay 0.5": {"weight_decay": 0.5},
}
zeros = {name: train(False, **settings) for name, settings in cases.items()}
nones = {name: train(True, **settings) for name, settings in cases.items()}

fig, axes = plt.subplots(1, 3, figsize=(7.5, 3.2), sharey=True, layout="constrained")
for ax, name in zip(axes, cases, strict=True):
    ax.axvline(USED, color="0.7", lw=1)
    ax.plot(zeros[name], color="tab:orange", lw=2.5, label="zero")
    ax.plot(nones[name], color="tab:blue", lw=2.5, ls="--", label="None")
    ax.set(title=name, xlabel="step")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("weight of the unused head")
axes[0].legend(title="its gradient", frameon=False, loc="upper right")
plt.show()

# %%
# Why
# ---
#
# One step of SGD with momentum and weight decay, written out. With a gradient of zero both terms
# are left.


def step_by_hand(weight, buffer, grad, *, lr=0.05, momentum=0.9, weight_decay=0.5):
    """Return the new weight and momentum buffer; nothing happens without a gradient."""
    if grad is None:
        return weight, buffer
    buffer = momentum * buffer + grad + weight_decay * weight
    return weight - lr * buffer, buffer


for grad in (0.0, None):
    weight, _ = step_by_hand(2.0, -1.0, grad)
    print(f"gradient {grad}: the weight goes from 2.0 to {weight:.3f}")

# %%
# What was seen
# -------------
#
# Without a gradient the head stays to the bit. With zeros it coasts on its momentum and shrinks
# under weight decay; only plain SGD sees no difference. The entry of
# :py:meth:`torch.optim.Optimizer.zero_grad` shows it step by step.

for name in cases:
    assert zeros[name][: USED + 1] == nones[name][: USED + 1], (
        "the same as long as the head is used"
    )
    assert set(nones[name][USED:]) == {nones[name][USED]}, "None: the weight does not move"
assert zeros["plain SGD"] == nones["plain SGD"]
assert abs(zeros["momentum 0.9"][-1] - nones["momentum 0.9"][-1]) > 0.5
assert 0 < zeros["weight decay 0.5"][-1] < 0.6 * nones["weight decay 0.5"][-1]

parameter = nn.Parameter(torch.tensor(2.0))
optimizer = torch.optim.SGD([parameter], lr=0.05, momentum=0.9, weight_decay=0.5)
parameter.grad = torch.tensor(0.0)
optimizer.state[parameter]["momentum_buffer"] = torch.tensor(-1.0)
optimizer.step()
assert abs(parameter.item() - step_by_hand(2.0, -1.0, 0.0)[0]) < 1e-6
