"""
Unscale before the clip: mixed precision with accumulation and clipping
=======================================================================

In float16 small gradients become 0; a scaler multiplies the loss so that they survive. Where do
accumulation and clipping go? Scale the loss of each piece; then, once for all pieces, unscale,
clip, step and update. A clip of gradients that are still scaled makes the step thousands of times
too small.
"""

# %%
# Gradients that float16 cannot hold
# ----------------------------------
#
# The smallest positive number of float16 is ``6e-8``. The targets are small, so that the gradients
# of the outputs come close to it.

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

torch.set_default_device("cpu")  # dtype and scaler are those of the device
PIECES, STEPS, SCALE = 2, 40, 2.0**14
x = torch.linspace(-2, 2, 64).view(64, 1)
y = 2e-6 * x


def make_model():
    """Return a network with fixed weights; the last layer starts at 0."""
    layers = nn.Linear(1, 64, bias=False), nn.Tanh(), nn.Linear(64, 1, bias=False)
    with torch.no_grad():
        layers[0].weight.copy_(torch.linspace(0.2, 1, 64)[:, None])
        layers[2].weight.zero_()
    return nn.Sequential(*layers)


def outputs_and_loss(model, rows, amp):
    """Return outputs and loss; autocast covers the forward pass, the loss is in float32."""
    with torch.autocast("cpu", dtype=torch.float16, enabled=amp):
        outputs = model(x[rows])
    return outputs, nn.functional.mse_loss(outputs.float(), y[rows])


def output_gradients(scale, amp=True):
    """Return the gradient of each output, divided by the scale again."""
    outputs, loss = outputs_and_loss(make_model(), slice(None), amp)
    outputs.retain_grad()
    (scale * loss).backward()
    return outputs.grad.flatten().float() / scale


exact = output_gradients(1.0, amp=False)
found = {"float16": output_gradients(1.0), "float16, loss scaled": output_gradients(SCALE)}

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(x.flatten(), exact, color="0.75", lw=6, label="float32")
for (name, value), color in zip(found.items(), ["tab:orange", "tab:blue"], strict=True):
    ax.plot(x.flatten(), value, ".", color=color, ms=6, label=name)
ax.set(xlabel="x", ylabel="gradient", title="Gradient of each output")
ax.legend(frameon=False)
plt.show()

# %%
# One step, in the right order
# ----------------------------
#
# The batch comes in two pieces. ``scale`` is called for each, everything else once. ``step``
# unscales only if nobody has done it before, so ``unscale_`` in front of the clip is all that
# clipping adds.


def train(amp=True, unscale=True):
    """Return the loss after each step, as a part of the first one, and the norms that were clipped."""
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE, enabled=amp)
    losses, norms = [], []
    for _ in range(STEPS):
        for piece in range(PIECES):
            _, loss = outputs_and_loss(model, slice(piece, None, PIECES), amp)
            scaler.scale(loss / PIECES).backward()
        if unscale:
            scaler.unscale_(optimizer)
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), LIMIT).item())
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        with torch.no_grad():
            losses.append(
                (outputs_and_loss(model, slice(None), False)[1] / y.square().mean()).item()
            )
    return losses, norms


LIMIT = 1e-5
runs = {
    "float32": train(amp=False),
    "unscaled, then clipped": train(),
    "clipped while scaled": train(unscale=False),
}
for name, (losses, norms) in runs.items():
    print(f"{name:23} loss {losses[-1]:.2f}, norm at the first clip {norms[0]:.1e}")

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
styles = [("0.75", 6), ("tab:blue", 2), ("tab:orange", 2)]
for (name, (losses, _)), (color, width) in zip(runs.items(), styles, strict=True):
    ax.plot(losses, color=color, lw=width, label=name)
ax.set(xlabel="step", ylabel="loss, first = 1", title="Two pieces, one clip", yscale="log")
ax.legend(frameon=False, fontsize=9)
plt.show()

# %%
# Once a step
# -----------
#
# A second ``unscale_`` before the update would divide twice, and is refused.

model = make_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
try:
    for piece in range(PIECES):
        scaler.scale(outputs_and_loss(model, slice(piece, None, PIECES), True)[1]).backward()
        scaler.unscale_(optimizer)
    refusal = ""
except RuntimeError as error:
    refusal = str(error)
print(refusal)

# %%
# What was seen
# -------------
#
# Before ``unscale_`` the gradients are larger by the scale, and a limit for their norm cuts them to
# almost nothing. The entries of :py:meth:`torch.optim.Optimizer.step` and
# :py:attr:`torch.Tensor.grad` say more.

assert (exact == 0).sum() == 0 == (found["float16, loss scaled"] == 0).sum()
assert (found["float16"] == 0).sum() >= 10 and found["float16"].unique().numel() <= 7
torch.testing.assert_close(found["float16, loss scaled"], exact, rtol=2e-3, atol=0)
(full, full_norms), (right, right_norms), (wrong, wrong_norms) = runs.values()
assert full[-1] < 0.1 and right[-1] < 0.1 and wrong[-1] > 0.99
torch.testing.assert_close(torch.tensor(right), torch.tensor(full), rtol=0, atol=0.05)
assert min(full_norms[0], right_norms[0]) > LIMIT, "the first step is clipped"
assert abs(wrong_norms[0] / right_norms[0] / SCALE - 1) < 0.01
assert refusal.startswith("unscale_() has already been called on this optimizer")
