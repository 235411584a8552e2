"""
The in-place error names the reader, a version counter finds the writer
=======================================================================

"One of the variables needed for gradient computation has been modified by an inplace operation".
Which line did it? The message gives two versions, and :py:class:`torch.autograd.set_detect_anomaly`
the line that *needed* the tensor. Watching :py:attr:`torch.Tensor._version` gives the line that
changed it.
"""

# %%
# A model that fails
# ------------------
#
# The forward pass is fine, the backward pass is not. One of the lines below changes a tensor that
# another one has saved.

import warnings

import matplotlib.pyplot as plt
import torch
from torch.overrides import TorchFunctionMode


def forward(x):
    """Return a loss whose graph has a damaged tensor."""
    gate = torch.exp(x)
    shifted = gate + 1
    scaled = shifted.mul_(2)
    view = gate.view(-1)
    view.clamp_(max=3)
    return (scaled + gate.cos()).sum()


def failure(loss):
    """Return the message of the failing backward pass."""
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error)
    raise AssertionError("backward should have failed")


x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
message = failure(forward(x))
print(message.split(" Hint")[0])

# %%
# The reader
# ----------
#
# Anomaly mode shows where the node that failed was recorded. That is ``exp``, which saved its
# result; nothing is wrong with this line.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        failure(forward(x))
reader = str(caught[0].message)
print(reader.split(".")[0])

# %%
# The writer
# ----------
#
# A function mode sees every call of torch. It notes the version of the result of ``exp`` after each
# call: the call after which the number has gone up is the one.


class Watch(TorchFunctionMode):
    """Note the version of the first result of ``watched`` after each call."""

    def __init__(self, watched):
        super().__init__()
        self.watched, self.tensor, self.log = watched, None, []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func is self.watched and self.tensor is None:
            self.tensor = result
        if self.tensor is not None:
            self.log.append((func.__name__, self.tensor._version))
        return result


with Watch(torch.exp) as watch:
    loss = forward(x)
names, versions = zip(*watch.log, strict=True)
writers = [names[i] for i in range(1, len(names)) if versions[i] > versions[i - 1]]
print("written by", writers)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
steps = range(len(names))
ax.step(steps, versions, where="post", color="0.7", lw=2)
ax.plot(steps, versions, "o", color="tab:blue", ms=6)
writer = names.index(writers[0])
ax.plot(writer, versions[writer], "o", color="tab:orange", ms=11)
ax.annotate("the writer", (writer, versions[writer]), (-75, -4), textcoords="offset points")
ax.annotate("saved here", (0, 0), (2, 10), textcoords="offset points")
ax.set_xticks(steps, names, rotation=30)
ax.set_yticks([0, 1])
ax.set(ylim=(-0.15, 1.2), ylabel="version of the saved tensor", title="The call that raises it")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The cure
# --------
#
# The write goes to a new tensor: ``clamp`` in the place of ``clamp_``. The other in-place call can
# stay, because no node saved what it changes.


def repaired(x):
    """Return the loss without the damage."""
    gate = torch.exp(x)
    scaled = (gate + 1).mul_(2)
    clamped = gate.view(-1).clamp(max=3)
    return (scaled + clamped.cos()).sum()


loss = repaired(x)
loss.backward()

# torchproof: graph loss

# %%
# What was seen
# -------------
#
# The reader is ``exp``, the writer ``clamp_`` on a view of its result. The entry of
# :py:class:`torch.autograd.detect_anomaly` shows what the mode can find, that of
# :py:func:`torch.autograd.graph.allow_mutation_on_saved_tensors` how to permit such a write.

assert "is at version 1; expected version 0 instead" in message
assert reader.startswith("Error detected in ExpBackward0")
assert "gate = torch.exp(x)" in reader
assert writers == ["clamp_"]
assert "mul_" in names, "an in-place call that does no harm"
outer = x.detach().exp()
by_hand = 2 * outer - outer * outer.clamp(max=3).sin() * (outer <= 3)
torch.testing.assert_close(x.grad, by_hand)

with torch.autograd.graph.allow_mutation_on_saved_tensors():
    x.grad = None
    forward(x).backward()
torch.testing.assert_close(x.grad, by_hand)
