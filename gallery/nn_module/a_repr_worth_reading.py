"""
One extra_repr shows the state that repr leaves out
===================================================

Why does ``print(model)`` look the same before and after freezing? :py:meth:`torch.nn.Module.__repr__` shows classes and
their settings, and no state. :py:meth:`torch.nn.Module.extra_repr` can add it: the number of parameters, what is
frozen, and the mode.
"""

# %%
# The same text for two states
# ----------------------------
#
# The backbone is frozen and put into evaluation. The text does not change.

import matplotlib.pyplot as plt
import torch
from torch import nn


def build(container):
    return container(
        container(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()),
        container(nn.Conv2d(8, 16, 3), nn.BatchNorm2d(16), nn.ReLU()),
        container(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )


def freeze_backbone(model):
    for part in list(model.children())[:2]:
        part.requires_grad_(False).eval()


plain = build(nn.Sequential)
before = repr(plain)
freeze_backbone(plain)
print("the same text:", repr(plain) == before)

# %%
# A container that reports
# ------------------------
#
# It overrides ``extra_repr``. The text is made anew at each call, so it shows the state of now.


class Reporting(nn.Sequential):
    def extra_repr(self):
        total = sum(p.numel() for p in self.parameters())
        trained = sum(p.numel() for p in self.parameters() if p.requires_grad)
        return f"parameters={total}, trained={trained}, {'training' if self.training else 'evaluation'}"


model = build(Reporting)
unfrozen = repr(model)
freeze_backbone(model)
print(model)

# %%
# The picture of it
# -----------------
#
# What the lines report, part by part.

trained, frozen = [], []
for part in model:
    flags = [(p.numel(), p.requires_grad) for p in part.parameters()]
    trained.append(sum(count for count, flag in flags if flag))
    frozen.append(sum(count for count, flag in flags if not flag))
names = [f"({name}) {part[0]._get_name()}" for name, part in model.named_children()]
names[2] = "(2) head"
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh(names, frozen, color="0.75", label="frozen")
ax.barh(names, trained, color="tab:blue", label="trained")
for row, count in enumerate(map(sum, zip(trained, frozen, strict=True))):
    ax.text(count + 15, row, str(count), va="center")
ax.set(xlabel="parameters", xlim=(0, 1400))
ax.invert_yaxis()
ax.legend(frameon=False, loc="lower right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# The entry of :py:meth:`torch.nn.Module.__repr__` lists what is shown and what is not;
# :py:meth:`torch.nn.Module._get_name` gives the word before the parentheses.

lines = repr(model).splitlines()
assert repr(plain) == before and repr(model) != unfrozen
assert lines[1] == "  parameters=1610, trained=170, training"
assert lines[3] == "    parameters=240, trained=0, evaluation"
assert [line.strip() for line in lines].count("parameters=170, trained=170, training") == 1
assert "parameters=1610, trained=1610, training" in unfrozen
with torch.no_grad():
    assert model(torch.zeros(1, 3, 8, 8)).shape == (1, 10)
