"""
A dtype conversion keeps the parameters, a trip to meta replaces them
=====================================================================

Does an optimizer that was built before :py:meth:`torch.nn.Module.to` still train the module? After a change of
dtype it does, because the parameters keep their objects and their data is swapped. After a trip to the meta device it
updates parameters that the module no longer has, without a warning.
"""

# %%
# One training loop, four conversions
# -----------------------------------
#
# The optimizer is built first, then the module is converted, then it trains. The module clears its own gradients, so
# that a parameter which the optimizer has lost shows no other effect.

import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.__future__ import set_overwrite_module_params_on_conversion, set_swap_module_params_on_conversion

STEPS = 25
x = torch.linspace(-1, 1, 8, dtype=torch.float64).unsqueeze(1)
y = 2 * x + 1


def train(convert):
    """Return the losses, and whether the module still has the weight that the optimizer holds."""
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(model)
    losses = []
    for _ in range(STEPS):
        loss = nn.functional.mse_loss(model(x.to(model.weight.dtype)), y.to(model.weight.dtype))
        losses.append(loss.item())
        model.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, optimizer.param_groups[0]["params"][0] is model.weight


# %%
# The conversions
# ---------------
#
# The trip to meta saves the values, gives up the memory with :py:meth:`torch.nn.Module.to`, takes new memory with
# :py:meth:`torch.nn.Module.to_empty` and loads the values again. The two switches change what becomes of the
# parameters; each is switched off again.


def to_float64(model):
    model.to(torch.float64)


def through_meta(model):
    saved = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.to("meta")
    model.to_empty(device=x.device)
    model.load_state_dict(saved)


def with_switch(switch, convert):
    def converted(model):
        switch(True)
        try:
            convert(model)
        finally:
            switch(False)

    return converted


cases = {
    "to(float64)": to_float64,
    "to(float64), overwrite": with_switch(set_overwrite_module_params_on_conversion, to_float64),
    "through meta": through_meta,
    "through meta, swap": with_switch(set_swap_module_params_on_conversion, through_meta),
}
results = {name: train(convert) for name, convert in cases.items()}
for name, (losses, same) in results.items():
    print(f"{name:24} same weight: {same!s:5}  last loss: {losses[-1]:.4f}")

# %%
# The losses
# ----------
#
# Blue: the optimizer and the module have the same parameters. Orange: they do not, and the loss does not move.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, (losses, same) in results.items():
    dashed = name in ("through meta, swap", "through meta")
    ax.plot(
        losses,
        color="tab:blue" if same else "tab:orange",
        lw=5 if not dashed else 2,
        ls=":" if dashed else "-",
        alpha=1 if dashed else 0.45,
        label=name,
    )
ax.set(xlabel="step", ylabel="loss", title="An optimizer built before the conversion", ylim=(0, None))
ax.legend(frameon=False, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Build the optimizer after a trip to meta, or switch on swapping. The docstring of :py:meth:`torch.nn.Module.cuda` says
# that a move makes parameters different objects; the entry of :py:meth:`torch.nn.Module.to` shows that they stay, also on
# an accelerator. That of :py:func:`torch.__future__.set_swap_module_params_on_conversion` shows what the switches cost.

assert [same for _, same in results.values()] == [True, False, False, True]
assert "different objects" in nn.Module.cuda.__doc__
for losses, same in results.values():
    if same:
        assert losses[-1] < 0.1 * losses[0]
    else:
        assert set(losses) == {losses[0]}
