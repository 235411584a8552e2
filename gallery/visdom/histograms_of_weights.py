"""
vis.histogram draws pruned weights at -0.3 in place of 0
========================================================

Where do the bars of a histogram stand? :py:meth:`visdom.Visdom.histogram` counts in bins of equal
width and spreads the bars from the smallest value to the largest, so that none but the middle one
stands over its bin. :py:meth:`visdom.Visdom.bar` with the centres of the bins is right.
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
    return json.loads(vis.get_window_data(win))["content"]["data"]


# %%
# The layer has 200 weights between -0.3 and 2.7, more small ones than large ones. All that are
# smaller than 0.3 in size are pruned.

layer = nn.Linear(20, 10, bias=False)
with torch.no_grad():
    layer.weight.copy_(torch.linspace(0, 1, 200).reshape(10, 20) ** 2 * 3 - 0.3)
    layer.weight[layer.weight.abs() < 0.3] = 0
weights = layer.weight.detach().flatten().clone()
pruned = int((weights == 0).sum())
assert pruned == 88 and weights.min() < 0 < weights.max()

# %%
# The counts are right: the first of five bins goes from -0.3 to 0.3 and holds the zeros. But its
# bar stands at -0.3, and reaches to -0.6, where no weight is.

answer = vis.histogram(weights, win="drawn", opts={"numbins": 5, "title": "vis.histogram"})
assert answer == "drawn"
counts, edges = np.histogram(weights.cpu().numpy(), bins=5)
(bars,) = held("drawn")
assert np.allclose(edges, [-0.3, 0.3, 0.9, 1.5, 2.1, 2.7])
assert bars["y"] == counts.tolist() and bars["y"][0] == pruned + 1
assert np.allclose(bars["x"], [-0.3, 0.45, 1.2, 1.95, 2.7])

# %%
# With the centres of the bins as its second argument, ``vis.bar`` puts each bar over its bin. A
# ``bargap`` of zero makes the bars touch.

centres = (edges[:-1] + edges[1:]) / 2
opts = {"title": "vis.bar at the centres", "layoutopts": {"plotly": {"bargap": 0}}}
assert vis.bar(counts, centres, win="right", opts=opts) == "right"
(bars,) = held("right")
assert bars["y"] == counts.tolist() and np.allclose(bars["x"], [0, 0.6, 1.2, 1.8, 2.4])

# %%
# More bins make the mistake smaller and do not remove it: the first bar and the last stand half a
# bin too far out. A function that counts takes the place of the method, and draws several sets of
# weights over the same bins.


def histogram(win, sets, bins, title):
    """Draw the counts of each set, a dictionary by names, over bins that span them all."""
    low = min(values.min().item() for values in sets.values())
    high = max(values.max().item() for values in sets.values())
    edges = np.linspace(low, high, bins + 1)
    counts = [np.histogram(values.cpu().numpy(), bins=edges)[0] for values in sets.values()]
    opts = {"title": title, "legend": list(sets), "xlabel": "weight", "ylabel": "count"}
    answer = vis.bar(np.stack(counts, 1), (edges[:-1] + edges[1:]) / 2, win=win, opts=opts)
    assert answer == win


# %%
# Training with a strong weight decay moves the weights towards zero. Both states are in one
# picture, bin by bin.

optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, weight_decay=1.0)
inputs = torch.eye(20)
for _ in range(6):
    optimizer.zero_grad()
    layer(inputs).square().mean().backward()
    optimizer.step()
trained = layer.weight.detach().flatten()
histogram("decay", {"before": weights, "after": trained}, 12, "Weight decay")

# %%
# The mean that the bars show is that of the weights, up to half a bin. See
# :py:meth:`visdom.Visdom.histogram` and :py:meth:`visdom.Visdom.bar` for what the two methods take.

before, after = held("decay")
assert [before["name"], after["name"]] == ["before", "after"] and before["x"] == after["x"]
assert sum(before["y"]) == sum(after["y"]) == 200
half = (before["x"][1] - before["x"][0]) / 2
for bars, values in [(before, weights), (after, trained)]:
    assert abs(np.average(bars["x"], weights=bars["y"]) - values.mean().item()) < half
assert trained.mean() < weights.mean()
