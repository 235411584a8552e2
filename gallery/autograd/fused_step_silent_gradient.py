"""
A fused step between two backward passes makes the second gradient wrong, and nothing raises
============================================================================================

Two losses share one forward pass, and the optimizer steps between their backward passes. Does torch
notice that the second pass reads changed weights? It does if the step is a plain one: a version
counter goes up, and backward raises. A step with ``fused=True`` does not count, and the second
gradient is wrong without a word.
"""

# %%
# Two losses, one forward pass
# ----------------------------
#
# A small GAN. The losses of the discriminator and of the generator are computed from the same
# graph, which saves time and looks harmless. The optimizer of the discriminator is an argument.

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

torch.set_default_device("cpu")  # other devices have fused steps of their own
noise, real = torch.linspace(-1, 1, 48).view(16, 3), torch.linspace(0, 2, 32).view(16, 2)


def fill(model):
    """Give each weight a value that depends on its position only."""
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(0.6 * torch.sin(3.0 * torch.arange(p.numel()) + 1.0).view_as(p))
    return model


def generator_gradient(step_first, lr=0.1, mend=lambda optimizer: None, **options):
    """Return the generator's gradient as a vector; the discriminator steps before or after it is computed."""
    generator = fill(nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)))
    judge = fill(nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)))
    optimizer = torch.optim.SGD(judge.parameters(), lr=lr, **options)
    mend(optimizer)

    on_fake = judge(generator(noise))
    judge_loss = (on_fake.mean() - judge(real).mean()).square() + on_fake.square().mean()
    generator_loss = -on_fake.mean()
    judge_loss.backward(retain_graph=True, inputs=list(judge.parameters()))
    if step_first:
        optimizer.step()
    generator_loss.backward(inputs=list(generator.parameters()))
    return torch.cat([p.grad.flatten() for p in generator.parameters()])


# %%
# Plain, foreach, fused
# ---------------------
#
# The right gradient comes from a pass in front of the step. After the step, two of the three
# implementations raise.

right = generator_gradient(step_first=False)
outcomes = {}
for name, options in {
    "plain": {"foreach": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
}.items():
    try:
        gradient = generator_gradient(step_first=True, **options)
        outcomes[name] = f"gradient off by {(gradient - right).norm() / right.norm():.0%}"
    except RuntimeError as error:
        outcomes[name] = str(error).split(":")[0]
    print(f"{name:8} {outcomes[name]}")

# %%
# How wrong it is
# ---------------
#
# The larger the step, the larger the error: activations of the old weights meet the new weights.
# Small steps hide it well, as training still goes somewhere.

rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
silent = [generator_gradient(step_first=True, lr=lr, fused=True) for lr in rates]
errors = [((gradient - right).norm() / right.norm()).item() for gradient in silent]

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
ax.axline((0, 0), slope=1, color="0.7", lw=1)
ax.plot(right, silent[rates.index(0.3)], "o", color="tab:orange", ms=5)
ax.set(xlabel="right gradient", ylabel="after the fused step", title="Each weight, step of lr 0.3")
bx.loglog(rates, errors, "o-", color="tab:orange", lw=2)
bx.set(xlabel="learning rate of the step", ylabel="relative error", title="No error is raised")
plt.show()

# %%
# Make it raise
# -------------
#
# A hook that runs after each step reports the write with
# :py:func:`torch.autograd.graph.increment_version`. Then the fused step is noticed like any other.


def count_steps(optimizer):
    """Let each step of the optimizer raise the version of its parameters."""

    def report(optimizer, args, kwargs):
        for group in optimizer.param_groups:
            torch.autograd.graph.increment_version(group["params"])

    optimizer.register_step_post_hook(report)


try:
    generator_gradient(step_first=True, mend=count_steps, fused=True)
    noticed = ""
except RuntimeError as error:
    noticed = str(error)
print(noticed.split(":")[0])

# %%
# What was seen
# -------------
#
# Compute all gradients of a graph before a step, or run the forward pass again after it. The entry
# of :py:meth:`torch.optim.Optimizer.step` names the optimizers that have a fused implementation.

assert outcomes["plain"] == outcomes["foreach"]
assert outcomes["plain"].endswith("modified by an inplace operation")
assert outcomes["fused"].startswith("gradient off by ") and errors[rates.index(0.1)] > 0.01
assert errors == sorted(errors) and errors[0] > 0 and errors[-1] > 0.2
assert noticed.split(":")[0] == outcomes["plain"]
torch.testing.assert_close(generator_gradient(step_first=False, fused=True), right)
