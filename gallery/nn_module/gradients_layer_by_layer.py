"""
Full backward hooks show where the gradient vanishes
====================================================

Which layer does the gradient still reach? A hook from :py:meth:`torch.nn.Module.register_full_backward_hook` on each
layer measures it on its way. Through fifteen sigmoids it shrinks by more than eight orders of magnitude, through
ReLUs it does not.
"""

# %%
# Three networks
# --------------
#
# They have the same weights up to a gain, which is the usual one of their activation.

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn

DEPTH, WIDTH = 15, 100
ACTIVATIONS = {"ReLU": nn.ReLU, "Tanh": nn.Tanh, "Sigmoid": nn.Sigmoid}
COLORS = {"ReLU": "tab:blue", "Tanh": "0.35", "Sigmoid": "tab:orange"}
x = torch.randn(50, WIDTH, generator=torch.Generator("cpu").manual_seed(0), device="cpu").requires_grad_()


def build(name):
    """Return the network with one kind of activation."""
    generator = torch.Generator("cpu").manual_seed(1)
    std = nn.init.calculate_gain(name.lower()) / WIDTH**0.5
    layers = []
    for _ in range(DEPTH):
        linear = nn.Linear(WIDTH, WIDTH, device="cpu")
        nn.init.normal_(linear.weight, std=std, generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, ACTIVATIONS[name]()]
    return nn.Sequential(*layers)


# %%
# A hook for each layer
# ---------------------
#
# The hooks run from the last layer to the first. The input requires grad; otherwise the first layer would have no
# gradient of its input to report.


def gradient_norms(model):
    """Return the norm of the gradient at the input of each linear layer, by number."""
    norms, order = {}, []
    handles = []
    for number, layer in enumerate(model[::2], start=1):

        def measure(module, grad_input, grad_output, number=number):
            norms[number] = grad_input[0].norm().item()
            order.append(number)

        handles.append(layer.register_full_backward_hook(measure))
    model(x).sum().backward()
    for handle in handles:
        handle.remove()
    return norms, order


models = {name: build(name) for name in ACTIVATIONS}
results = {name: gradient_norms(model) for name, model in models.items()}
for name, (norms, _) in results.items():
    print(f"{name:8} last layer {norms[DEPTH]:8.1e}   first layer {norms[1]:8.1e}")

# %%
# The way back
# ------------
#
# Each sigmoid multiplies by its slope, which is at most 1/4. On the log scale that makes a straight line down.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, (norms, _) in results.items():
    numbers = sorted(norms)
    ax.semilogy(numbers, [norms[number] for number in numbers], "o-", color=COLORS[name], lw=2.5, label=name)
ax.set(xlabel="layer", ylabel="norm of the gradient", title="The backward pass runs from right to left")
ax.set_xticks(range(1, DEPTH + 1, 2))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# What was seen
# -------------
#
# The hooks have changed nothing: the gradients of the weights are those of a pass without hooks. The entry of
# :py:meth:`torch.nn.Module.register_full_backward_hook` shows when a hook is called and when not.

for name, (_, order) in results.items():
    assert order == list(range(DEPTH, 0, -1))
    hooked = [parameter.grad.clone() for parameter in models[name].parameters()]
    models[name].zero_grad()
    models[name](x).sum().backward()
    for parameter, grad in zip(models[name].parameters(), hooked, strict=True):
        torch.testing.assert_close(parameter.grad, grad)
    assert not any(module._backward_hooks for module in models[name].modules())

with torch.no_grad():
    data = x.clone()
reported = []
with models["ReLU"][0].register_full_backward_hook(lambda module, grads, _: reported.extend(grads)):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models["ReLU"](data).sum().backward()
assert reported == [None]

fade = {name: norms[1] / norms[DEPTH] for name, (norms, _) in results.items()}
assert fade["Sigmoid"] < 1e-8 < 1e-2 < fade["ReLU"] < 1e2
steps = results["Sigmoid"][0]
assert all(steps[number] < steps[number + 1] for number in range(1, DEPTH))
