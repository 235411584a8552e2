"""
Saved tensors in 8 bits: a quarter of the memory, a small error in the gradient
===============================================================================

What backward needs is saved in 32 bits. Are so many needed? A pair of
:py:class:`torch.autograd.graph.saved_tensors_hooks` can keep 8 bits of each number and a scale. The
forward pass stays exact; only the gradient has an error, which is measured here for 2 to 8 bits.
"""

# %%
# Pack and unpack
# ---------------
#
# Each saved activation is divided by the largest magnitude of its row and rounded to whole numbers.
# Weights are left alone, as they are in memory anyway, and so are integers such as indices.

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

POINTS, WIDTH = 128, 48


class Quantised:
    """Keeps saved tensors as whole numbers of ``bits`` bits, and counts the bytes."""

    def __init__(self, model, bits):
        self.weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
        self.levels, self.bits, self.bytes = 2 ** (bits - 1) - 1, bits, 0

    def pack(self, tensor):
        if tensor.untyped_storage().data_ptr() in self.weights or not tensor.is_floating_point():
            return tensor
        if self.bits == 32:
            self.bytes += tensor.nbytes
            return tensor
        scale = tensor.abs().amax(-1, keepdim=True).clamp(min=1e-12) / self.levels
        whole = torch.round(tensor / scale).to(torch.int8)
        self.bytes += whole.numel() * self.bits / 8 + scale.nbytes
        return whole, scale

    def unpack(self, packed):
        if isinstance(packed, torch.Tensor):
            return packed
        whole, scale = packed
        return whole * scale

    def hooks(self):
        return torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)


# %%
# Two spirals
# -----------
#
# A network with four hidden layers learns to tell them apart. Its activations are what is saved.

turn = torch.linspace(0.5, 2.2, POINTS // 2) * torch.pi
spiral = torch.stack([turn * torch.cos(turn), turn * torch.sin(turn)], dim=1) / 7
x = torch.cat([spiral, -spiral])
label = torch.arange(2).repeat_interleave(POINTS // 2)


def make_model():
    generator = torch.Generator("cpu").manual_seed(0)
    hidden = [part for _ in range(3) for part in (nn.Linear(WIDTH, WIDTH), nn.Tanh())]
    model = nn.Sequential(nn.Linear(2, WIDTH), nn.Tanh(), *hidden, nn.Linear(WIDTH, 2))
    with torch.no_grad():
        for p in model.parameters():
            bound = 1.5 / p.shape[-1] ** 0.5 if p.dim() == 2 else 0.1
            p.copy_((2 * torch.rand(p.shape, generator=generator, device="cpu") - 1) * bound)
    return model


def backward(model, hooks):
    """Fill the gradients; return the loss, and the gradients as one vector."""
    model.zero_grad()
    with hooks:
        loss = nn.functional.cross_entropy(model(x), label)
    loss.backward()
    return loss.item(), torch.cat([p.grad.flatten() for p in model.parameters()])


# %%
# Bytes and error
# ---------------
#
# The same pass with fewer and fewer bits. The full precision is counted by hooks that change
# nothing.

model = make_model()
whole = Quantised(model, 32)
full_loss, full = backward(model, whole.hooks())
share, errors, losses = {}, {}, set()
for bits in range(2, 9):
    store = Quantised(model, bits)
    loss, gradient = backward(model, store.hooks())
    losses.add(loss)
    share[bits] = store.bytes / whole.bytes
    errors[bits] = ((gradient - full).norm() / full.norm()).item()

fig, (ax, bx) = plt.subplots(1, 2, figsize=(7.5, 3.3), layout="constrained")
bars = ax.bar(list(share), list(share.values()), color=["0.7"] * 6 + ["tab:blue"])
ax.bar_label(bars, [f"{value:.0%}" for value in share.values()], fontsize=8)
ax.set(xlabel="bits", ylabel="of 32 bits", title="Memory of what is saved")
bx.semilogy(list(errors), list(errors.values()), "o-", color="0.5", lw=2)
bx.set(xlabel="bits", ylabel="relative error", title="Error of the gradient")
for axis in (ax, bx):
    axis.set_xticks(range(2, 9))
plt.show()

# %%
# Training with it
# ----------------
#
# Adam, as ever. With 8 bits the loss follows that of 32 bits; with 2 it stays behind.


def train(bits, steps=80):
    model, losses = make_model(), []
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        losses.append(backward(model, Quantised(model, bits).hooks())[0])
        optimizer.step()
    return losses


runs = {f"{bits} bits": train(bits) for bits in (32, 8, 2)}
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
styles = [("0.75", 6), ("tab:blue", 2), ("tab:orange", 2)]
for (name, losses_of), (color, width) in zip(runs.items(), styles, strict=True):
    ax.plot(losses_of, color=color, lw=width, label=name)
ax.set(xlabel="step", ylabel="loss", title="Two spirals", yscale="log")
ax.legend(frameon=False)
plt.show()

# %%
# What was seen
# -------------
#
# The loss of a pass is equal to the bit, whatever is saved; the gradient is not. A wrapper like
# this pays where activations fill the memory, and in time. Read on at
# :py:class:`torch.autograd.graph.saved_tensors_hooks` and, for the way without any error, at the
# script on checkpointing.

assert losses == {full_loss}
assert 0.25 < share[8] < 0.3 and share[2] < 0.1
assert errors[8] < 0.02 < 0.3 < errors[2]
assert all(errors[bits + 1] < 0.8 * errors[bits] for bits in range(2, 8))
assert runs["32 bits"][-1] < 1e-3 and runs["8 bits"][-1] < 5 * runs["32 bits"][-1]
assert runs["2 bits"][-1] > 20 * runs["32 bits"][-1]
