"""
The old backward hook reports the gradient of one node, not of the module
=========================================================================

Why is :py:meth:`torch.nn.Module.register_backward_hook` deprecated? It sits on the last node of the graph that the
module recorded, and takes the inputs of that node for those of the module.
:py:meth:`torch.nn.Module.register_full_backward_hook` puts nodes of its own around the module, and is right.
"""

# %%
# A module of two operations
# --------------------------
#
# It computes sin(3x), so the gradient of its input is 3 cos(3x). Its graph has a node for the product and one for the
# sine.

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn


class Wave(nn.Module):
    def forward(self, x):
        return torch.sin(3 * x)


x = torch.linspace(-2, 2, 201, requires_grad=True)
seen = {}

# %%
# The old hook
# ------------
#
# It leaves the graph as it is and waits at the sine. What it calls ``grad_input`` is the gradient of 3x. Torch warns of
# it in the forward pass.

wave = Wave()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with wave.register_backward_hook(lambda module, grad_input, grad_output: seen.update(old=grad_input[0])):
        y = wave(x)
print(caught[0].message)
y.sum().backward(inputs=[x])
# torchproof: graph y

# %%
# The full hook
# -------------
#
# Two nodes named ``BackwardHookFunction`` stand around the module, and the hook waits at the inner end. ``grad_input``
# is the gradient of x.

truth, x.grad = x.grad, None
wave = Wave()
with wave.register_full_backward_hook(lambda module, grad_input, grad_output: seen.update(full=grad_input[0])):
    z = wave(x)
z.sum().backward(inputs=[x])
# torchproof: graph z

# %%
# Both against the truth
# ----------------------
#
# The gradient that arrives at x is the same in both passes. The old hook misses the factor 3.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
at = x.detach().cpu()
ax.plot(at, truth.cpu(), color="0.8", lw=7, label="x.grad")
ax.plot(at, seen["full"].cpu(), color="tab:blue", lw=2, label="full hook")
ax.plot(at, seen["old"].cpu(), color="tab:orange", lw=2, label="old hook")
ax.set(xlabel="x", ylabel="gradient", title="What a hook says of the gradient of sin(3x)", xlim=(-2, 2))
ax.spines[["top", "right"]].set_visible(False)
fig.legend(frameon=False, loc="outside lower center", ncols=3)
plt.show()

# %%
# A layer of one node
# -------------------
#
# ``Linear`` records one node with three inputs. The old hook hands out three gradients: of the bias, of the input, of
# the transposed weight.

layer, batch = nn.Linear(2, 3), torch.ones(4, 2, requires_grad=True)
shapes = {}
for name in ["register_backward_hook", "register_full_backward_hook"]:
    layer = nn.Linear(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        register = getattr(layer, name)
        with register(lambda _, grads, __, name=name: shapes.update({name: [tuple(g.shape) for g in grads]})):
            layer(batch).sum().backward()
    print(f"{name:27} {shapes[name]}")

# %%
# What was seen
# -------------
#
# Replace the one by the other and read ``grad_input`` anew. The entry of
# :py:meth:`torch.nn.Module.register_full_backward_hook` says what the two nodes cost: in-place modules raise.

torch.testing.assert_close(truth, 3 * torch.cos(3 * x.detach()))
torch.testing.assert_close(x.grad, truth)
torch.testing.assert_close(seen["full"], truth)
torch.testing.assert_close(3 * seen["old"], truth)
assert y.grad_fn.name() == "SinBackward0" and z.grad_fn.name() == "BackwardHookFunctionBackward"
assert caught[0].category is FutureWarning
assert shapes["register_backward_hook"] == [(3,), (4, 2), (2, 3)]
assert shapes["register_full_backward_hook"] == [(4, 2)]
