"""
Checkpointing trades time for memory: √n segments hold the least
================================================================

A stack of *n* layers keeps *n* activations for the backward pass. Must it? No:
``torch.utils.checkpoint.checkpoint_sequential`` cuts it into *k* segments, keeps what lies between
them, and runs a segment again when the backward pass comes to it. With *k* near √n about 2√n
activations are held, for less than one more forward pass.
"""

# %%
# A layer that counts
# -------------------
#
# Each call of ``forward`` makes one activation, saves it for the backward pass and is counted. Weak
# references tell how many bytes of activations are alive; they do not keep them alive.

import gc
import weakref

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint_sequential

WIDTH, ROWS = 8, 16


class Meter:
    """Counts calls of ``forward``, and the bytes of activations that are alive."""

    def __init__(self):
        self.calls, self.peak, self.storages = 0, 0, []

    def add(self, activation):
        """Take note of a new activation."""
        self.calls += 1
        self.storages.append(weakref.ref(activation.untyped_storage()))
        self.peak = max(self.peak, self.alive())

    def alive(self):
        """Return the bytes that are alive now."""
        if torch.__version__.startswith(("2.7.", "2.8.")):
            gc.collect()  # up to torch 2.8 a checkpoint can leave a reference cycle
        storages = [reference() for reference in self.storages]
        return sum(storage.nbytes() for storage in storages if storage is not None)


class CountedTanh(torch.autograd.Function):
    """The hyperbolic tangent, under a meter."""

    @staticmethod
    def forward(ctx, x, meter):
        """Save the result."""
        result = torch.tanh(x)
        meter.add(result)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad):
        """Read the result."""
        (result,) = ctx.saved_tensors
        return grad * (1 - result * result), None


class Layer(nn.Module):
    """A product with a weight, and the hyperbolic tangent."""

    def __init__(self, place):
        super().__init__()
        entries = torch.arange(WIDTH * WIDTH).view(WIDTH, WIDTH)
        self.weight = nn.Parameter(0.6 * torch.sin(3.0 * entries + place))
        self.meter = Meter()

    def forward(self, x):
        """Return the activation."""
        return CountedTanh.apply(x @ self.weight, self.meter)


# %%
# One stack, cut in nine ways
# ---------------------------
#
# A forward and a backward pass for each number of segments. One segment is the plain stack, since
# the last segment is not checkpointed: its backward pass follows at once.

x = torch.linspace(-1, 1, ROWS * WIDTH).view(ROWS, WIDTH)


def run(depth, segments):
    """Return the meter after one pass, and the gradients."""
    model = nn.Sequential(*[Layer(place) for place in range(depth)])
    meter = Meter()
    for layer in model:
        layer.meter = meter
    loss = checkpoint_sequential(model, segments, x, use_reentrant=False).square().mean()
    loss.backward()
    return meter, [layer.weight.grad for layer in model]


DEPTH = 36
cuts = [1, 2, 3, 4, 6, 9, 12, 18, 36]
meters, gradients = zip(*(run(DEPTH, cut) for cut in cuts), strict=True)
peaks = [meter.peak / x.nbytes for meter in meters]
extra = [meter.calls - DEPTH for meter in meters]

fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.3), layout="constrained")
fine = [1 + step / 10 for step in range(351)]
left.plot(fine, [k - 1 + DEPTH / k for k in fine], color="0.75", lw=4, label="k − 1 + n / k")
left.plot(cuts, peaks, "o", color="tab:blue", label="measured")
left.plot([DEPTH**0.5] * 2, [0, min(peaks)], color="0.5", ls="--", lw=1)
left.text(DEPTH**0.5, 2, " √n", color="0.3")
left.set(ylabel="activations held at most", title="Memory", ylim=(0, 40))
left.legend(frameon=False, loc="upper center")
right.plot(cuts, extra, "o-", color="tab:orange", lw=2)
right.axhline(DEPTH, color="0.5", ls="--", lw=1)
right.text(36, DEPTH + 0.5, "one more forward pass", color="0.3", ha="right")
right.set(ylabel="layers run again", title="Time", ylim=(0, 40))
for ax in (left, right):
    ax.set(xlabel=f"segments k of {DEPTH} layers", xscale="log")
    ax.set_xticks([1, 2, 4, 6, 9, 18, 36], [1, 2, 4, 6, 9, 18, 36])
    ax.minorticks_off()
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The gradients are equal to the bit, and no activation is left alive after the pass. To keep the
# saved tensors elsewhere instead, see :py:class:`torch.autograd.graph.saved_tensors_hooks`.

for cut, meter, grads in zip(cuts, meters, gradients, strict=True):
    print(f"{cut:2} segments: {meter.peak:6} bytes held, {meter.calls} layers run")
    assert meter.peak == (cut - 1 + DEPTH // cut) * x.nbytes
    assert meter.calls == DEPTH + DEPTH - DEPTH // cut
    assert meter.alive() == 0
    assert all(map(torch.equal, grads, gradients[0]))
assert cuts[peaks.index(min(peaks))] == DEPTH**0.5
assert all(grad.abs().max() > 0 for grad in gradients[0])
for root in (2, 3, 5, 8):
    assert run(root * root, 1)[0].peak == root * root * x.nbytes
    assert run(root * root, root)[0].peak == (2 * root - 1) * x.nbytes
