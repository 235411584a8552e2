"""
A hook that clips gradients cuts them on their way
==================================================

A long chain of products makes gradients grow at each step back. Does it help to clip them? Clipping
``.grad`` after the pass is too late for what lies behind: one large factor has gone through all of
the chain. A hook of :py:meth:`torch.Tensor.register_hook` clips each gradient before it travels on.
"""

# %%
# A chain that explodes
# ---------------------
#
# Each step multiplies by the same weight. On the way back the gradient of each state is 1.5 times
# that of the state after it.

import matplotlib.pyplot as plt
import torch

STEPS, LIMIT = 16, 10.0


def run(hook=None):
    """Return the weight and the gradient that each state passed on, from first to last."""
    weight = torch.tensor(1.5, requires_grad=True)
    state = torch.tensor(1.0, requires_grad=True)
    states = []
    for _ in range(STEPS):
        state = state * weight
        if hook is not None:
            state.register_hook(hook)
        state.retain_grad()
        states.append(state)
    state.backward()
    return weight, [state.grad.item() for state in states]


# %%
# The hook
# --------
#
# It returns the clipped gradient and does not write into its argument. What it returns is what
# :py:meth:`torch.Tensor.retain_grad` keeps and what the node of the state gets.


def clip(grad):
    """Return the gradient within the limit."""
    return grad.clamp(-LIMIT, LIMIT)


x = torch.tensor(1.0, requires_grad=True)
weight = torch.tensor(1.5, requires_grad=True)
first = x * weight
second = first * weight
for state in (first, second):
    state.register_hook(clip)
# torchproof: graph second

# %%
# With and without
# ----------------
#
# Without the hook the gradients grow to the end. With it they grow to the limit and stay there.

free_weight, free = run()
clipped_weight, clipped = run(clip)

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
back = list(range(STEPS))
ax.semilogy(back, free[::-1], "o-", color="tab:orange", ms=4, label="no hook")
ax.semilogy(back, clipped[::-1], "o-", color="tab:blue", ms=4, label="clipped by a hook")
ax.axhline(LIMIT, color="0.6", lw=1, ls="--")
ax.set(xlabel="steps back from the result", ylabel="gradient", title="Clipped on the way")
ax.legend(frameon=False, fontsize=9)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Clipped afterwards
# ------------------
#
# Clipping ``.grad`` of the weight after the pass is another thing: it cuts a sum whose parts have
# grown already. The hook on the states limits each part.

after = free_weight.grad.clamp(-LIMIT, LIMIT)
print(f"no hook          {free_weight.grad.item():10.4f}")
print(f"hook on states   {clipped_weight.grad.item():10.4f}")
print(f"clipped after    {after.item():10.4f}")

# %%
# On a leaf
# ---------
#
# On a leaf the hook clips the gradient of each pass, before it is added to ``.grad``. Two passes of
# a gradient above the limit leave twice the limit.

leaf = torch.tensor(1.0, requires_grad=True)
handle = leaf.register_hook(clip)
(100 * leaf).backward()
(100 * leaf).backward()
two_passes = leaf.grad.item()
handle.remove()
(100 * leaf).backward()
third_pass = leaf.grad.item() - two_passes

# %%
# What was seen
# -------------
#
# The hook changes the gradient that what lies behind it gets. Training code clips by the norm of
# all gradients after the pass, with ``torch.nn.utils.clip_grad_norm_``, as the last lines do. The
# entry of :py:meth:`torch.Tensor.register_hook` says when a hook runs, and what it may return.

torch.testing.assert_close(torch.tensor(free[::-1]), torch.tensor(1.5) ** torch.arange(STEPS))
torch.testing.assert_close(torch.tensor(clipped), torch.tensor(free).clamp(max=LIMIT))
assert free[0] > 400 and max(clipped) == LIMIT
# d(w^16)/dw = 16 w^15; with the hook, the sum over the states before each product.
torch.testing.assert_close(free_weight.grad, torch.tensor(16 * 1.5**15))
parts = [1.5**step * grad for step, grad in enumerate(clipped)]
torch.testing.assert_close(clipped_weight.grad, torch.tensor(sum(parts)))
assert clipped_weight.grad < free_weight.grad and after == LIMIT
assert two_passes == 2 * LIMIT and third_pass == 100.0
torch.nn.utils.clip_grad_norm_([free_weight], LIMIT)
torch.testing.assert_close(free_weight.grad, torch.tensor(LIMIT))
