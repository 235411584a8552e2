"""
Spectral norm keeps the largest singular value at 1, as a wrapper then and as a parametrization now
===================================================================================================

The 2019 note wraps convolutions in ``SpectralNorm(...)``, a class of its own that ``torch.nn`` never had. What does
``torch.nn.utils.parametrizations.spectral_norm`` do instead? It gives the layer the same bound, starts with a better
estimate, and leaves the layer what it was: a ``Conv2d`` in the same place of the tree.
"""

# %%
# Then: a module around the layer
# -------------------------------
#
# This is how such wrappers of the time worked. Each call makes one step of power iteration, divides the weight by the
# estimate of its largest singular value, and puts the result into the inner layer as a plain attribute.

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm


class SpectralNorm(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.weight_bar = inner.weight
        del inner.weight
        rows = self.weight_bar.flatten(1).shape[0]
        self.register_buffer("u", torch.ones(rows) / rows**0.5)

    def forward(self, x):
        matrix = self.weight_bar.flatten(1)
        with torch.no_grad():
            v = nn.functional.normalize(matrix.T @ self.u, dim=0)
            self.u = nn.functional.normalize(matrix @ v, dim=0)
        self.inner.weight = self.weight_bar / (self.u @ matrix @ v)
        return self.inner(x)


# %%
# Now: a parametrization of the layer
# -----------------------------------
#
# The weight starts with the singular values 3, 1.5, 1 and 0.5 in three layers. The wrapper is a module of another
# class, with the layer below it; what is parametrized is still a ``Conv2d``.


def conv():
    layer = nn.Conv2d(4, 4, 1, bias=False)
    turn = torch.linalg.qr(torch.vander(torch.linspace(-1, 1, 4)))[0]
    with torch.no_grad():
        layer.weight.copy_((turn @ torch.diag(torch.tensor([3.0, 1.5, 1.0, 0.5])))[:, :, None, None])
    return layer


layers = {"plain": conv(), "then: wrapper": SpectralNorm(conv()), "now: parametrization": spectral_norm(conv())}
for name, layer in layers.items():
    print(f"{name:21}", isinstance(layer, nn.Conv2d), [key for key, _ in layer.named_parameters()])

# %%
# The largest singular value during training
# ------------------------------------------
#
# The loss rewards a large output, so a free weight grows without end. ``parametrize.cached`` lets the measurement see
# the weight of the forward pass: each further look would make another step of power iteration.

x = torch.linspace(-1, 1, 32).reshape(2, 4, 2, 2)


def train(layer, steps=25):
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    values = []
    for _ in range(steps):
        optimizer.zero_grad()
        with parametrize.cached():
            output = layer(x)
            weight = getattr(layer, "inner", layer).weight.detach()
        values.append(torch.linalg.matrix_norm(weight.flatten(1), ord=2).item())
        (-output.square().mean()).backward()
        optimizer.step()
    return values


values = {name: train(layer) for name, layer in layers.items()}
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
colors = {"plain": "0.6", "then: wrapper": "tab:orange", "now: parametrization": "tab:blue"}
for name, path in values.items():
    ax.plot(path, color=colors[name], lw=2.5, label=name)
ax.set(xlabel="step", ylabel="largest singular value", title="The weight that the layer uses", ylim=(0, 4))
ax.legend(frameon=False, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The wrapper begins with a guess and needs some steps; the parametrization makes several when it is registered. Read on
# at :py:func:`torch.nn.utils.parametrizations.spectral_norm`, which also shows what the class of that name in torch
# does to a layer, and at :py:func:`torch.nn.utils.parametrize.register_parametrization`.

plain, then, now = values.values()
assert plain[-1] > 3.3 and then[0] > 1.05
assert max(abs(value - 1) for value in now) < 0.01
assert max(abs(value - 1) for value in then[5:]) < 0.01
assert not hasattr(nn, "SpectralNorm") and not isinstance(layers["then: wrapper"], nn.Conv2d)
assert isinstance(layers["now: parametrization"], nn.Conv2d)
