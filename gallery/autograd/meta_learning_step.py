"""
MAML differentiates through its inner step, if that step is recorded
====================================================================

Meta-learning looks for weights that one gradient step adapts to a new task. The outer gradient goes
through the inner step. How is that written? Compute the inner gradients with ``create_graph=True``,
subtract them out of place, and run the model on the result with
:py:func:`torch.func.functional_call`.
"""

# %%
# Tasks with few points
# ---------------------
#
# Each task is a sine of its own amplitude and phase, of which ten points are given. The other
# points are for the outer loss.

import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.func import functional_call

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

INNER = 0.2
given, asked = (
    torch.linspace(-3, 3, 10).unsqueeze(1),
    torch.linspace(-2.8, 2.8, 25).unsqueeze(1),
)
tasks = [(1 + 0.5 * math.sin(5 * n), 2 * math.pi * n / 4) for n in range(4)]


def make_model():
    model = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 1))
    generator = torch.Generator("cpu").manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, device="cpu") / p.shape[-1] ** 0.5)
        model[0].bias.mul_(10)
    return model


def loss_of(model, weights, task, x):
    amplitude, phase = task
    return nn.functional.mse_loss(
        functional_call(model, weights, (x,)), amplitude * torch.sin(x + phase)
    )


# %%
# The inner step
# --------------
#
# New weights from old ones, without an optimizer: its step writes in place and is not recorded.
# Without ``create_graph`` the inner gradient is a constant, which is known as first-order MAML.


def adapt(model, task, create_graph=True):
    """Return the weights after one step on the given points of a task."""
    weights = dict(model.named_parameters())
    loss = loss_of(model, weights, task, given)
    grads = torch.autograd.grad(loss, list(weights.values()), create_graph=create_graph)
    return {name: p - INNER * g for (name, p), g in zip(weights.items(), grads, strict=True)}


def outer_loss(model, task, create_graph=True):
    return loss_of(model, adapt(model, task, create_graph=create_graph), task, asked)


# %%
# Which outer gradient is right
# -----------------------------
#
# Both are compared with finite differences of the outer loss, along the direction of each.


def outer_gradient(model, task, create_graph):
    """Return the gradient of the outer loss with respect to the weights, as one vector."""
    loss = outer_loss(model, task, create_graph)
    grads = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([grad.flatten() for grad in grads])


def measured_slope(model, task, direction, step=1e-4):
    start = nn.utils.parameters_to_vector(model.parameters()).detach()
    values = []
    for sign in (1, -1):
        nn.utils.vector_to_parameters(start + sign * step * direction, model.parameters())
        values.append(outer_loss(model, task).item())
    nn.utils.vector_to_parameters(start, model.parameters())
    return (values[0] - values[1]) / (2 * step)


exact_model = make_model().double()
given, asked = given.double(), asked.double()
table = {}
for name, create_graph in {"create_graph": True, "first order": False}.items():
    gradient = outer_gradient(exact_model, tasks[0], create_graph)
    direction = gradient / gradient.norm()
    table[name] = gradient.norm().item(), measured_slope(exact_model, tasks[0], direction)
    print(f"{name:13} computed {table[name][0]:.4f}, measured {table[name][1]:.4f}")
given, asked = given.float(), asked.float()

# %%
# Learning to adapt
# -----------------
#
# The same number of steps with each gradient. What counts is the loss after the inner step, on
# points that the inner step has not seen. The inner step is a long one, on which the first order
# fails.


def train(loss_of_task, steps=45):
    model, losses = make_model(), []
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(loss_of_task(model, task) for task in tasks).backward()
        losses.append(sum(outer_loss(model, task).item() for task in tasks) / len(tasks))
        optimizer.step()
    return losses


runs = {
    "first order": train(lambda model, task: outer_loss(model, task, create_graph=False)),
    "MAML": train(outer_loss),
}
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (name, losses), color in zip(runs.items(), ["tab:orange", "tab:blue"], strict=True):
    ax.semilogy(losses, color=color, lw=2, label=name)
ax.set(xlabel="outer step", ylabel="loss after one inner step", title="Trained to be adapted")
ax.legend(frameon=False, title="trained with")
plt.show()

# %%
# What was seen
# -------------
#
# Only the recorded inner step gives the slope that is measured. Its price is a second backward pass
# through the inner one. The entries of :py:func:`torch.autograd.grad` and
# :py:func:`torch.func.functional_call` say more.

computed, measured = table["create_graph"]
assert abs(computed / measured - 1) < 1e-4
computed, measured = table["first order"]
assert measured < 0 < computed, "here it points uphill"
assert runs["MAML"][-1] < 0.1 * runs["MAML"][0] < runs["first order"][-1]
