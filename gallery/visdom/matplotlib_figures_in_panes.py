"""
Rasterized, a scatter plot of 5000 points is a fifth of the size
================================================================

What does a Matplotlib figure cost as a pane? :py:meth:`visdom.Visdom.matplot` sends it as SVG, with an
element for each point. With ``rasterized=True`` the points become one picture inside of it, and the axes
and the text remain SVG.
"""

import json

import torch
import visdom
from matplotlib.figure import Figure
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# A network learns to tell a disc from what is around it. The figure has what no pane of Visdom's own
# has: filled contours under points.

number = torch.arange(5000)
points = torch.stack([number * 0.754877 % 1, number * 0.569840 % 1], 1) * 2 - 1
inside = (points.norm(dim=1) < 0.6).float()
grid = torch.cartesian_prod(torch.linspace(-1, 1, 40), torch.linspace(-1, 1, 40))
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)


def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(points), inside).backward()
        optimizer.step()


def figure(title, size=(4, 3), **style):
    """Draw on a figure that pyplot does not know, so that nothing has to be closed."""
    drawn = Figure(figsize=size, layout="constrained")
    axes = drawn.subplots()
    with torch.no_grad():
        probability = model(grid).sigmoid().view(40, 40).T.cpu().numpy()
    levels, where = [0, 0.25, 0.5, 0.75, 1], (-1, 1, -1, 1)
    axes.contourf(probability, levels, extent=where, cmap="Greys", alpha=0.5)
    axes.scatter(*points.T.cpu().numpy(), c=inside.cpu().numpy(), cmap="coolwarm", s=1, **style)
    axes.set(title=title, aspect="equal")
    return drawn


def held(win):
    return json.loads(vis.get_window_data(win))


# %%
# Before the training, with each point an element of the SVG. The pane takes its size from the figure.

opts = {"title": "Vector"}
assert vis.matplot(figure("before"), win="vector", opts=opts) == "vector"

# %%
# The same points rasterized.

assert vis.matplot(figure("before", rasterized=True), win="raster") == "raster"
sizes = {win: len(held(win)["content"]) for win in ["vector", "raster"]}
print({win: f"{size / 1000:.0f} kB" for win, size in sizes.items()})

# %%
# A later call with the same window replaces the figure. The pane holds text, so an append of
# :py:meth:`visdom.Visdom.line` fails, with an empty answer.

train(60)
before = held("raster")["content"]
assert vis.matplot(figure("after", rasterized=True), win="raster") == "raster"
assert held("raster")["content"] != before
assert vis.line([0.5], [1], win="raster", update="append") == ""

# %%
# The call writes the size of the pane into ``opts``. With the same dictionary, a larger figure gets the
# pane of the first one and is cut.

large = figure("after, larger", size=(6, 4.5), rasterized=True)
assert sorted(opts) == ["height", "title", "width"]
assert vis.matplot(large, win="cut", opts=opts) == "cut"

# %%
# Pass a new dictionary to each call. See :py:meth:`visdom.Visdom.matplot` for sizes and ``resizable``.

assert vis.matplot(large, win="whole", opts={"title": "Whole"}) == "whole"
assert sizes["raster"] < sizes["vector"] / 4
assert all(held(win)["type"] == "text" for win in ["vector", "raster", "cut", "whole"])
assert held("raster")["content"].count("<image") == 1 and "<image" not in held("vector")["content"]
assert held("cut")["width"] == held("vector")["width"] < held("whole")["width"]
assert round(held("whole")["width"]) == round(1.35 * 6 * 72)
