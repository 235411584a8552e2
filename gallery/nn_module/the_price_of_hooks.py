"""
A module without hooks pays for none, one with hooks pays for each
==================================================================

What does a hook cost if it does nothing? :py:meth:`torch.nn.Module.__call__` has a short way to ``forward`` for a
module without hooks. The first hook closes it, and each further one adds the same small amount; full backward hooks
also add two nodes to the graph.
"""

# %%
# A cost that can be counted
# --------------------------
#
# Times vary from call to call. The number of Python instructions of a call does not, so that is what is plotted; a
# stopwatch checks it in the end.

import sys
import timeit

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

MANY = 20
x = torch.ones(1, requires_grad=True)


def ignore(*seen):
    return None


def instructions(call):
    """Return how many Python instructions the call runs."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    # Python 3.12 counts no instruction unless some frame asks for it before the trace begins.
    sys._getframe().f_trace_opcodes = True
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


# %%
# More and more hooks
# -------------------
#
# ``Identity`` does nothing, so that all but the short way is the price of its hooks. A global hook costs every module,
# though it is registered once.


def prices(register):
    """Return the instructions of a call with 0 to MANY hooks, and after their removal."""
    with register(ignore):
        module(x)  # what is set up only once is no price
    counts, handles = [instructions(lambda: module(x))], []
    for _ in range(MANY):
        handles.append(register(ignore))
        counts.append(instructions(lambda: module(x)))
    for handle in handles:
        handle.remove()
    return counts, instructions(lambda: module(x))


module = nn.Identity()
registers = {
    "forward pre-hook": module.register_forward_pre_hook,
    "forward hook": module.register_forward_hook,
    "forward hook, global": register_module_forward_hook,
    "full backward hook": module.register_full_backward_hook,
}
counted = {name: prices(register) for name, register in registers.items()}

# %%
# The price
# ---------
#
# The step at the first hook is the way that is no longer short. For full backward hooks it is high: it sets up their
# nodes, and each hook after that is free until the backward pass.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
colors = ["tab:blue", "tab:orange", "tab:green", "0.35"]
for color, (name, (counts, _)) in zip(colors, counted.items(), strict=True):
    ratios = [count / counts[0] for count in counts]
    ax.plot(ratios, color=color, label=name, lw=2.5, ls=":" if "global" in name else "-")
ax.set(xlabel="hooks", ylabel="instructions of a call", title="A call with hooks against one without", ylim=(0, None))
ax.set_xticks(range(0, MANY + 1, 5))
ax.yaxis.set_major_formatter("{x:.0f}×")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Remove the handles and the short way is open again. Measured once, a call of ``Identity`` took 1 µs without hooks and
# 13 µs with twenty of them; the last lines measure it again. The entry of :py:meth:`torch.nn.Module.__call__` shows it from
# inside, and :py:meth:`torch.nn.Module.register_forward_hook` what hooks are good for.

for name, (counts, after) in counted.items():
    steps = [new - old for old, new in zip(counts, counts[1:], strict=False)]
    print(f"{name:21} first hook: +{steps[0]}, each further one: +{steps[-1]}")
    assert after == counts[0]
    assert steps[0] > max(steps[1:]) and min(steps[1:]) >= 0.8 * max(steps[1:])


def seconds():
    """Return the time of one call, the best of many."""
    return min(timeit.repeat(lambda: module(x), number=200, repeat=20)) / 200


free = seconds()
handles = [module.register_forward_hook(ignore) for _ in range(MANY)]
hooked = seconds()
for handle in handles:
    handle.remove()
assert free < hooked and seconds() < hooked

plain = module(x)
with module.register_full_backward_hook(ignore):
    around = module(x)
names, node = [], around.grad_fn
while node is not None:
    names.append(node.name())
    node = node.next_functions[0][0] if node.next_functions else None
assert plain is x and names.count("BackwardHookFunctionBackward") == 2
