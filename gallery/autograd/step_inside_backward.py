"""
An optimizer inside of backward holds one gradient at a time
============================================================

An ordinary step needs all gradients at once: backward fills every ``.grad``, then the optimizer
reads them. Must they all exist together? No: a hook of
:py:meth:`torch.Tensor.register_post_accumulate_grad_hook` can step one parameter as soon as its
gradient is complete and free it. The weights are the same.
"""

# %%
# Two equal models
# ----------------
#
# Eight linear layers with fixed weights. One model is trained as usual, the other by hooks.

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

WIDTH, DEPTH, STEPS = 16, 8, 3


def make_model():
    """Return linear layers with fixed weights."""
    model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(DEPTH)))
    with torch.no_grad():
        for number, layer in enumerate(model):
            layer.weight.copy_(torch.eye(WIDTH) * (1 + number / 100))
    return model


usual = make_model()
fused = copy.deepcopy(usual)
data = torch.linspace(-1, 1, 4 * WIDTH).reshape(4, WIDTH)


def loss_of(model):
    """Return the loss on the data."""
    return (model(data) - 1).square().mean()


def bytes_of_grads(model):
    """Return the bytes of all gradients that exist."""
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    return sum(grad.numel() * grad.element_size() for grad in grads)


# %%
# As usual
# --------
#
# A hook on each parameter counts the bytes of all gradients that exist, each time one has arrived.
# They pile up until :py:meth:`torch.optim.Optimizer.zero_grad`.

usual_bytes = []
for parameter in usual.parameters():
    parameter.register_post_accumulate_grad_hook(
        lambda _: usual_bytes.append(bytes_of_grads(usual))
    )

optimizer = torch.optim.SGD(usual.parameters(), lr=0.1, momentum=0.9)
usual_losses = []
for _ in range(STEPS):
    loss = loss_of(usual)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    usual_losses.append(loss.item())

# %%
# By hooks
# --------
#
# Each parameter has an optimizer of its own. The hook counts, steps and frees; the training loop is
# one call of :py:meth:`torch.Tensor.backward`.

fused_bytes = []
optimizers = {p: torch.optim.SGD([p], lr=0.1, momentum=0.9) for p in fused.parameters()}


def step_now(parameter):
    """Count, step and free."""
    fused_bytes.append(bytes_of_grads(fused))
    optimizers[parameter].step()
    optimizers[parameter].zero_grad()


for parameter in fused.parameters():
    parameter.register_post_accumulate_grad_hook(step_now)

fused_losses = []
for _ in range(STEPS):
    loss = loss_of(fused)
    loss.backward()
    fused_losses.append(loss.item())

# %%
# Bytes of gradients
# ------------------
#
# One step has eight arrivals. As usual the bytes grow with each; by hooks only the gradient that
# has just arrived is there.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
arrival = list(range(1, STEPS * DEPTH + 1))
ax.step(arrival, usual_bytes, where="mid", color="tab:orange", lw=2, label="step after backward")
ax.step(arrival, fused_bytes, where="mid", color="tab:blue", lw=2, label="step in the hook")
ax.set(
    xlabel="gradient, in the order they arrive",
    ylabel="bytes of all .grad",
    title="Gradients that exist at once",
)
ax.set_ylim(0, 1.25 * max(usual_bytes))
ax.legend(frameon=False, fontsize=9, loc="upper right", ncols=2)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Same losses, same weights, an eighth of the gradients. The weight may change inside of the pass
# because the one node that saved it has run; a node that still needs the old value raises, as the
# last lines show. Clipping by the common norm needs all gradients at once. Read on at
# :py:meth:`torch.Tensor.register_post_accumulate_grad_hook` and, for ``fused=True``, which hides a
# step from backward, at :py:meth:`torch.optim.Optimizer.step`.

one = WIDTH * WIDTH * 4
assert usual_bytes == [one * count for count in range(1, DEPTH + 1)] * STEPS
assert fused_bytes == [one] * (DEPTH * STEPS)
assert fused_losses == usual_losses and usual_losses[-1] < usual_losses[0]
for left, right in zip(usual.parameters(), fused.parameters(), strict=True):
    assert torch.equal(left, right)
assert all(p.grad is None for p in fused.parameters())

weight = torch.tensor(2.0, requires_grad=True)
start = torch.tensor(3.0, requires_grad=True)
needs_the_old_value = start * weight.detach()
optimizer = torch.optim.SGD([weight], lr=0.1)
weight.register_post_accumulate_grad_hook(lambda _: optimizer.step())
try:
    (needs_the_old_value + weight * 5).backward()
except RuntimeError as error:
    message = str(error)
assert "modified by an inplace operation" in message
