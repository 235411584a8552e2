"""
A band around a curve is two more lines, one of them with a fill in traceopts
=============================================================================

How do you draw the mean of several runs with a band of one standard deviation? Give
:py:meth:`visdom.Visdom.line` three columns: lower edge, upper edge and mean. ``traceopts`` hands Plotly
the fill by the name of the line, and ``layoutopts`` a vertical line and a note; an append changes neither.
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
# Five runs begin at different weights, and the learning rate falls at step 20.

DROP = 20
x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = 2 * x + 1


def run(number):
    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, 0.4 * number)
    nn.init.constant_(model.bias, -0.3 * number)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=DROP, gamma=0.2)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


losses = torch.tensor([run(number) for number in range(5)], dtype=torch.float64)
mean, spread = losses.mean(0), losses.std(0)
columns = torch.stack([mean - spread, mean + spread, mean], 1).round(decimals=3)

# %%
# ``tonexty`` fills down to the line before, so the lower edge comes first and the mean last. A ``line``
# of width 0 hides an edge, and ``showlegend`` takes it out of the legend.

NAMES = ["mean - std", "mean + std", "mean"]
edge = {"line": {"width": 0}, "showlegend": False}
fill = {"fill": "tonexty", "fillcolor": "rgba(31, 119, 180, 0.25)"}
TRACES = {NAMES[0]: edge, NAMES[1]: edge | fill, NAMES[2]: {"line": {"color": "#1f77b4"}}}
opts = {"title": "Loss of five runs", "xlabel": "step", "legend": NAMES}
opts["traceopts"] = {"plotly": TRACES}
assert vis.line(columns, torch.arange(40), win="band", opts=dict(opts)) == "band"

# %%
# A shape is a line at the step of the drop, from the bottom (0) to the top (1) of the plot, which is what
# ``"yref": "paper"`` says. An annotation writes next to it.

mark = {
    "type": "line",
    "x0": DROP,
    "x1": DROP,
    "yref": "paper",
    "y0": 0,
    "y1": 1,
    "line": {"dash": "dot"},
}
note = {"x": DROP, "yref": "paper", "y": 1, "text": "lr / 5", "showarrow": False, "xanchor": "left"}
marked = opts | {"layoutopts": {"plotly": {"shapes": [mark], "annotations": [note]}}}
assert vis.line(columns, torch.arange(40), win="marked", opts=dict(marked)) == "marked"


def held(win):
    return json.loads(vis.get_window_data(win))["content"]


before = held("marked")

# %%
# An append adds the points and drops both options: the new shape is not there, and the band keeps its
# colour. Draw the window again to change them.

red = {"traceopts": {"plotly": {NAMES[1]: {"fillcolor": "red"}}}, "legend": NAMES}
red["layoutopts"] = {"plotly": {"shapes": [mark | {"x0": 30, "x1": 30}]}}
more = columns[-1:].repeat(5, 1)
assert vis.line(more, torch.arange(40, 45), win="marked", update="append", opts=red) == "marked"

# %%
# The window holds the three lines in their order, with the fill on the second, and the mark. See
# :py:meth:`visdom.Visdom.line` for the options.

after = held("marked")
for win, content in [("band", held("band")), ("marked", before), ("marked", after)]:
    assert [trace["name"] for trace in content["data"]] == NAMES
    assert [trace.get("fill") for trace in content["data"]] == [None, "tonexty", None]
    assert content["data"][1]["fillcolor"] == fill["fillcolor"]
    assert [trace["line"].get("width") for trace in content["data"]] == [0, 0, None]
    assert [trace.get("showlegend") for trace in content["data"]] == [False, False, None]
    assert content["layout"]["xaxis"]["title"] == "step"
    assert content["layout"].get("shapes", []) == ([mark] if win == "marked" else [])
    assert content["layout"].get("annotations", []) == ([note] if win == "marked" else [])
assert [trace["y"] for trace in before["data"]] == columns.T.tolist()
assert [len(trace["x"]) for trace in after["data"]] == [45] * 3
lower, upper, middle = (torch.tensor(trace["y"]) for trace in before["data"])
assert (lower <= middle).all() and (middle <= upper).all() and (upper - lower).max() > 0.5
