"""
A live loss curve is one call per step
======================================

How does a training loop show its losses while it runs? Call :py:meth:`visdom.Visdom.line` once per
step and curve. The first call draws the window anew, later ones pass ``update="append"``, and
``name=`` says which curve gets the point.
"""

import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# The model is a cubic that learns a sine wave from the first 32 of 40 points. The other points are
# for validation.

x = torch.linspace(-1, 1, 40).unsqueeze(1)
features, target = torch.cat([x, x**2, x**3], dim=1), torch.sin(3 * x)
model = nn.Linear(3, 1)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)


def train_step():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(features[:32]), target[:32])
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def validate():
    return nn.functional.mse_loss(model(features[32:]), target[32:]).item()


# %%
# The first call has no ``update``, so it replaces the window of an earlier run, and it carries the
# title, the labels and the legend. Do not close that window instead: a page that shows it answers with
# a close of its own, which takes the new window with it if it comes late.

opts = {"title": "Loss", "xlabel": "step", "ylabel": "mean squared error", "showlegend": True}
history = {"train": [], "validation": []}


def show(name, step, value):
    update = "append" if any(history.values()) else None
    history[name].append(round(value, 3))
    point = [history[name][-1]], [step]
    answer = vis.line(*point, win="loss", name=name, update=update, opts=dict(opts))
    assert answer == "loss"


for step in range(5):
    show("train", step, train_step())
    show("validation", step, validate())

# %%
# More steps go to the same window. Both losses fell at first; now the validation points, which lie
# outside of what the model saw, get worse.

for step in range(5, 40):
    show("train", step, train_step())
    show("validation", step, validate())

# %%
# The window on the server holds both curves, point by point. See :py:meth:`visdom.Visdom.line` for
# ``update`` and ``name``, and :py:meth:`visdom.Visdom.update_window_opts` to change the title later.

held = json.loads(vis.get_window_data("loss"))
curves = {trace["name"]: trace for trace in held["content"]["data"]}
assert list(curves) == ["train", "validation"]
assert all(curves[name]["x"] == list(range(40)) for name in history)
assert all(curves[name]["y"] == history[name] for name in history)
assert history["train"][-1] < history["train"][0] / 4
assert min(history["validation"]) < history["validation"][0] < history["validation"][-1]
assert held["content"]["layout"]["showlegend"] and held["content"]["layout"]["title"] == "Loss"
