"""
Forward hooks show where activations vanish and where they saturate
===================================================================

What goes on between the layers of a model whose class may not be changed? A hook from
:py:meth:`torch.nn.Module.register_forward_hook` on each layer keeps its output. In a deep tanh network, small weights
make the activations vanish, large ones push them to -1 and 1.
"""

# %%
# A deep network and its input
# ----------------------------
#
# The ten layers differ from run to run in one number only: the gain, which scales the weights.

import matplotlib.pyplot as plt
import torch
from torch import nn

DEPTH, WIDTH, SAMPLES = 10, 100, 200
GAINS = [0.6, 1.1, 4.0]
x = torch.randn(SAMPLES, WIDTH, generator=torch.Generator("cpu").manual_seed(0), device="cpu")


def build(gain):
    """Return the network, with the same weights up to the gain."""
    generator = torch.Generator("cpu").manual_seed(1)
    layers = []
    for _ in range(DEPTH):
        linear = nn.Linear(WIDTH, WIDTH, bias=False, device="cpu")
        nn.init.normal_(linear.weight, std=gain / WIDTH**0.5, generator=generator)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers)


# %%
# One hook for each activation
# ----------------------------
#
# The hook keeps the output without its graph and returns ``None``, so that the model computes what it always does. The
# handles remove the hooks again.


def activations(model):
    """Return what the tanh layers put out, in order."""
    kept = []
    handles = [
        module.register_forward_hook(lambda module, args, output: kept.append(output.detach()))
        for module in model.modules()
        if isinstance(module, nn.Tanh)
    ]
    model(x)
    for handle in handles:
        handle.remove()
    return kept


models = {gain: build(gain) for gain in GAINS}
seen = {gain: activations(model) for gain, model in models.items()}
for gain, layers in seen.items():
    print(f"gain {gain}: std of the last layer {layers[-1].std().item():.2f}")

# %%
# The activations, layer by layer
# -------------------------------
#
# Each column is the histogram of one layer, dark where many values lie.

fig, axes = plt.subplots(1, 3, figsize=(6, 3.2), layout="constrained", sharey=True)
for ax, (gain, layers) in zip(axes, seen.items(), strict=True):
    columns = [torch.histc(layer, bins=41, min=-1, max=1) / layer.numel() for layer in layers]
    picture = torch.stack(columns, dim=1).sqrt()
    ax.imshow(picture, cmap="Blues", origin="lower", aspect="auto", extent=(0.5, DEPTH + 0.5, -1, 1), vmin=0, vmax=0.6)
    ax.set(title=f"gain {gain}", xlabel="layer", xticks=[1, 5, 10])
    ax.spines[:].set_color("0.8")
axes[0].set_ylabel("activation")
axes[0].set_yticks([-1, 0, 1])
plt.show()

# %%
# What was seen
# -------------
#
# With the middle gain the last layer still has a signal that is neither near 0 nor near -1 and 1. The entry of
# :py:meth:`torch.nn.Module.register_forward_hook` shows what else a hook may do, such as replace the output.

vanished, healthy, saturated = (layers[-1] for layers in seen.values())
assert vanished.std() < 0.02
assert 0.1 < healthy.std() < 0.7 and (healthy.abs() > 0.9).float().mean() < 0.1
assert (saturated.abs() > 0.9).float().mean() > 0.6
for gain, layers in seen.items():
    assert len(layers) == DEPTH and not layers[0].requires_grad
    assert torch.equal(models[gain](x), layers[-1])
    assert not any(module._forward_hooks for module in models[gain].modules())
