"""
A smoothed curve is a second line in the same window
====================================================

How is a noisy loss shown with its running mean? Compute the mean and send both as the columns of
one tensor: :py:meth:`visdom.Visdom.line` makes a line of each column, with its own name, colour and
dash, and a row of two values extends both with one call.
"""

import json

import numpy as np
import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None


def held(win):
    return json.loads(vis.get_window_data(win))["content"]


# %%
# Training on one sample at a time gives a noisy loss. The mean is exponential and corrected for its
# start at zero.

samples = torch.linspace(-1, 1, 30).unsqueeze(1)
targets = 3 * samples + 0.5 + 0.6 * torch.cos(40 * samples)
order = [(7 * step) % 30 for step in range(90)]
model = nn.Linear(1, 1)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

losses = []
for index in order:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(samples[index]), targets[index])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

means, total = [], 0.0
for step, loss in enumerate(losses, start=1):
    total = 0.9 * total + 0.1 * loss
    means.append(total / (1 - 0.9**step))

# %%
# Two columns are two lines over the same steps. Colours and dashes are NumPy arrays with a row for
# each line.

Y = torch.tensor([losses, means]).T.round(decimals=3)
steps = torch.arange(len(Y))
opts = {
    "title": "Loss of one sample",
    "xlabel": "step",
    "legend": ["loss", "running mean"],
    "linecolor": np.array([[158, 202, 225], [8, 48, 107]]),
    "dash": np.array(["dot", "solid"]),
}
assert vis.line(Y[:60], steps[:60], win="smoothed", opts=dict(opts)) == "smoothed"
assert [trace["name"] for trace in held("smoothed")["data"]] == ["loss", "running mean"]
assert [trace["line"]["color"] for trace in held("smoothed")["data"]] == ["#9ecae1", "#08306b"]

# %%
# An append without ``name`` gives a value to each line. Thirty rows are thirty more steps of both.

assert vis.line(Y[60:], steps[60:], win="smoothed", update="append") == "smoothed"
assert [len(trace["x"]) for trace in held("smoothed")["data"]] == [90, 90]

# %%
# A logarithmic axis takes its range in powers of ten: from -2 to 1 is from 0.01 to 10. The call got
# a copy of ``opts``, because it deletes the colours from the dictionary that it is given.

opts |= {"ytype": "log", "ytickmin": -2, "ytickmax": 1}
assert vis.line(Y, steps, win="smoothed-log", opts=dict(opts)) == "smoothed-log"
assert held("smoothed-log")["layout"]["yaxis"] == {"type": "log", "range": [-2, 1]}

# %%
# The mean is steadier than the loss and lower at the end than at the start. See
# :py:meth:`visdom.Visdom.line` for the keys of ``opts``.

loss, mean = (torch.tensor(trace["y"]) for trace in held("smoothed")["data"])
assert mean.diff().abs().mean() < loss.diff().abs().mean() / 4
assert mean[-1] < mean[0]
