"""
apply visits children before parents, and a shared module once for each parent
==============================================================================

How is a model initialised in one line, and what does that line visit? :py:meth:`torch.nn.Module.apply` calls a function
with every submodule, depth first, and with the module itself last. The function gets modules, not parameters, so it
chooses by their class what to fill.
"""

# %%
# A model with a shared layer
# ---------------------------
#
# ``shared`` stands under two parents. Nothing else is special.

import matplotlib.pyplot as plt
import torch
from torch import nn

shared = nn.Linear(4, 4)
model = nn.Sequential(
    nn.Sequential(nn.Linear(4, 4), shared),
    nn.ReLU(),
    nn.Sequential(shared, nn.Linear(4, 2)),
)

# %%
# The order of the visits
# -----------------------
#
# The function is called eight times, on seven modules: ``modules()`` yields each once, ``apply`` takes every way down.

visits = []
returned = model.apply(visits.append)
print([type(module).__name__ for module in visits])
print(len(visits), "visits of", len(list(model.modules())), "modules")

# %%
# The tree, with the number of each visit
# ---------------------------------------
#
# The walk finishes a subtree before it calls the function with its root.


def draw(module, name, depth, ax, counter):
    """Draw a module above its children, numbered in the order in which apply comes to them; return its place."""
    under = [draw(child, key, depth + 1, ax, counter) for key, child in module.named_children()]
    if not under:
        counter["leaves"] += 1
    here = sum(under) / len(under) if under else counter["leaves"]
    for x in under:
        ax.plot([here, x], [-depth, -depth - 1], color="0.7", lw=1.5, zorder=1)
    assert visits[counter["visits"]] is module
    counter["visits"] += 1
    color = "tab:orange" if module is shared else "tab:blue"
    ax.scatter(here, -depth, s=520, color=color, zorder=2)
    ax.text(here, -depth, counter["visits"], color="w", ha="center", va="center", weight="bold", size=12)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.text(here, -depth - 0.27, f"{name}: {type(module).__name__}", ha="center", va="top", size=9, bbox=box)
    return here


fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
draw(model, "model", 0, ax, {"leaves": 0, "visits": 0})
ax.set(xlim=(0.4, 5.6), ylim=(-2.6, 0.35), title="The shared layer (orange) is visited twice")
ax.axis("off")
plt.show()

# %%
# Three initialisations
# ---------------------
#
# The function fills each ``Linear`` and leaves the rest alone; the functions of ``torch.nn.init`` record no gradient.
# A deep model shows what the choice is worth: how large is the signal after each layer?

DEPTH, WIDTH = 30, 128


def small(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.05)
        nn.init.zeros_(module.bias)


def kaiming(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


@torch.no_grad()
def signal(initialise):
    """Return the root mean square of the signal after each pair of Linear and ReLU."""
    torch.manual_seed(0)
    blocks = [nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU()) for _ in range(DEPTH)]
    net = nn.Sequential(*blocks).apply(initialise)
    x, sizes = torch.randn(256, WIDTH), []
    for block in net:
        x = block(x)
        sizes.append(x.square().mean().sqrt().item())
    return sizes


signals = {
    "apply(kaiming)": signal(kaiming),
    "apply(small)": signal(small),
    "as constructed": signal(lambda module: None),
}

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for (name, sizes), color in zip(signals.items(), ["tab:blue", "tab:orange", "0.35"], strict=True):
    ax.plot(range(1, DEPTH + 1), sizes, color=color, lw=2.5, label=name)
ax.set(xlabel="layer", ylabel="size of the signal", yscale="log", title="30 layers, three initialisations")
ax.legend(frameon=False, loc="lower left")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# A function that adds to what it finds would add twice to a shared layer; one that fills it is safe. The entry of
# :py:meth:`torch.nn.Module.apply` says more, and :py:meth:`torch.nn.Module.modules` yields each module once.

first, relu, last = model.children()
assert returned is model
assert visits == [first[0], shared, first, relu, shared, last[1], last, model]
assert len(set(visits)) == len(list(model.modules())) == 7
assert list(model.modules())[0] is model and visits[-1] is model
assert 0.05 < signals["apply(kaiming)"][-1] < 20
assert signals["apply(small)"][-1] < 1e-6
assert model.apply(kaiming)[0][0].weight.requires_grad
