"""
A tied weight trains once, is saved twice, and three things untie it
====================================================================

Two modules may hold one parameter: an embedding and the layer that turns its vectors back into words. Does it count
once or twice? :py:meth:`torch.nn.Module.parameters` yields it once, :py:meth:`torch.nn.Module.state_dict` has it under
both names, and a file holds its numbers once. A copy keeps the tie; ``assign=True``, the meta device and an assignment
break it, without a warning.
"""

# %%
# A model with one weight in two places
# -------------------------------------
#
# The assignment makes both modules hold the same ``Parameter`` object.

import copy
import io
import pickle
import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn

WORDS, WIDTH = 1000, 32


class Model(nn.Module):
    def __init__(self, tied):
        super().__init__()
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.project = nn.Linear(WIDTH, WORDS, bias=False)
        if tied:
            self.project.weight = self.embed.weight

    def forward(self, words):
        return self.project(self.embed(words))


tied, untied = Model(tied=True), Model(tied=False)
print("parameters:", [name for name, _ in tied.named_parameters()])
print("all names: ", [name for name, _ in tied.named_parameters(remove_duplicate=False)])
print("state_dict:", list(tied.state_dict()))
# torchproof: tree tied

# %%
# Three ways of counting
# ----------------------
#
# A ``state_dict()`` has an entry for each name, and both look at one storage. ``torch.save`` writes a storage once.


def sizes(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return {
        "parameters()": sum(parameter.numel() for parameter in model.parameters()),
        "state_dict()": sum(tensor.numel() for tensor in model.state_dict().values()),
        "file / 4 bytes": len(file.getvalue()) / 4,
    }


counted = {"tied": sizes(tied), "untied": sizes(untied)}
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for shift, (kind, count) in zip((-0.2, 0.2), counted.items()):
    at = [place + shift for place in range(len(count))]
    bars = ax.bar(at, [n / 1000 for n in count.values()], width=0.38, label=kind)
    ax.bar_label(bars, fmt="%.0f", padding=2)
ax.set_xticks(range(3), list(counted["tied"]))
ax.set(ylabel="thousand numbers", title="The state_dict counts a tied weight twice", ylim=(0, 82))
ax.legend(frameon=False, loc="upper left", ncols=2)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What keeps the tie
# ------------------
#
# Each change is done to a tied model of its own. Then the two modules either hold one object or two.


def loaded(model, **options):
    model.load_state_dict(Model(tied=False).state_dict(), **options)
    return model


def assigned(model):
    model.embed.weight = nn.Parameter(torch.zeros(WORDS, WIDTH))
    return model


changes = {
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "to(float64)": lambda model: model.to(torch.float64),
    "share_memory()": lambda model: model.share_memory(),
    "load_state_dict": loaded,
    "load_state_dict, assign=True": lambda model: loaded(model, assign=True),
    'to("meta")': lambda model: model.to("meta"),
    "assignment to one": assigned,
}
with warnings.catch_warnings():
    warnings.simplefilter("error")
    after = {name: change(Model(tied=True)) for name, change in changes.items()}
objects = {name: len(list(model.parameters())) for name, model in after.items()}

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
colors = ["tab:blue" if count == 1 else "tab:orange" for count in objects.values()]
ax.barh(list(objects), list(objects.values()), color=colors)
ax.invert_yaxis()
ax.set(xticks=[0, 1, 2], xlabel="parameters afterwards", title="What unties a weight")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# A tied weight gets one gradient, the sum of what comes from both places, and an optimizer steps it once. To load with
# ``assign=True``, tie again afterwards. Read on at :py:meth:`torch.nn.Module.named_parameters` for the names and at
# :py:meth:`torch.nn.Module.to` for what a conversion keeps.

n = WORDS * WIDTH
assert counted["tied"]["parameters()"] == n and counted["untied"]["parameters()"] == 2 * n
assert counted["tied"]["state_dict()"] == counted["untied"]["state_dict()"] == 2 * n
assert n < counted["tied"]["file / 4 bytes"] < 1.1 * n < counted["untied"]["file / 4 bytes"]
assert list(objects.values()) == [1, 1, 1, 1, 1, 2, 2, 2]

words = torch.tensor([3, 5])
tied(words).sum().backward()
through_both = tied.embed.weight.grad.clone()
tied.zero_grad()
tied.project(tied.embed(words).detach()).sum().backward()
through_project = tied.embed.weight.grad.clone()
tied.zero_grad()
nn.functional.linear(tied.embed(words), tied.project.weight.detach()).sum().backward()
assert torch.allclose(through_both, through_project + tied.embed.weight.grad, atol=1e-3)

before = tied.embed.weight.detach().clone()
torch.optim.SGD(tied.parameters(), lr=1.0, foreach=False).step()
assert torch.allclose(tied.project.weight, before - tied.embed.weight.grad, atol=1e-4)
