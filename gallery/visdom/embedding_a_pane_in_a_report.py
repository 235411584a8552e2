"""
A plot pane is a Plotly figure, and its lines can be drawn again without Plotly
===============================================================================

How does a plot get from a Visdom server into a report? :py:meth:`visdom.Visdom.get_window_data` returns
the JSON of the pane. With Plotly installed, ``plotly.io.to_html(pane["content"], validate=False)`` makes
an interactive plot of it; for a figure in the style of the report, Matplotlib draws the traces again.
"""

import html
import io
import json
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# A linear model is fitted to a line with noise. It leaves a plot with two lines, an image and a
# text in the environment report.

x = torch.linspace(-1, 1, 24).unsqueeze(1)
target = 2 * x + 0.3 * torch.cos(20 * x)
model = nn.Linear(1, 1)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)

update = None  # the first call replaces the window of an earlier run
for step in range(20):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), target)
    loss.backward()
    optimizer.step()
    for name, value in [("loss", loss.item()), ("weight", model.weight.item())]:
        opts = {"title": "Training", "xlabel": "step", "ylabel": "value", "showlegend": True}
        at = {"win": "training", "env": "report", "name": name, "update": update}
        assert vis.line([round(value, 3)], [step], **at, opts=opts) == "training"
        update = "append"

residuals = (model(x) - target).detach().abs().reshape(4, 6)
big = (residuals / residuals.max()).repeat_interleave(30, 0).repeat_interleave(30, 1)
assert vis.image(big, win="residuals", env="report", opts={"title": "Residuals"}) == "residuals"
assert vis.text(f"final loss {loss.item():.3f}", win="result", env="report") == "result"

# %%
# With ``win=None`` the answer holds the panes of the env by their ids. What ``content`` is depends on the
# type of the pane; that of a plot is a Plotly figure, with ``data`` and ``layout``.

panes = json.loads(vis.get_window_data(win=None, env="report"))
assert {win: pane["type"] for win, pane in panes.items()} == {
    "training": "plot",
    "residuals": "image",
    "result": "text",
}
assert list(panes["training"]["content"]) == ["data", "layout"]

# %%
# A trace has its points in ``x`` and ``y``, its name, and its colour if one was set.


def redraw(pane):
    """Return a figure with the lines and the labels of a plot pane."""
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for trace in pane["content"]["data"]:
        assert trace["type"] == "scatter" and trace["mode"] == "lines", "not a line"
        color = trace.get("line", {}).get("color")
        points = [np.array(trace[axis], dtype=float) for axis in "xy"]
        axes.plot(*points, label=trace["name"], color=color)
    layout = pane["content"]["layout"]
    axes.set_title(layout.get("title", ""))
    axes.set_xlabel(layout.get("xaxis", {}).get("title", ""))
    axes.set_ylabel(layout.get("yaxis", {}).get("title", ""))
    if layout.get("showlegend"):
        axes.legend()
    return figure


figure = redraw(panes["training"])
drawn = {line.get_label(): line.get_ydata().tolist() for line in figure.axes[0].get_lines()}

# %%
# The report takes the figure as SVG, the image with its data URI, and the text as it is, for a text
# pane is HTML. So the report is one file that needs no server.


def part(pane):
    if pane["type"] == "plot":
        svg = io.StringIO()
        redrawn = redraw(pane)
        redrawn.savefig(svg, format="svg")
        plt.close(redrawn)
        return svg.getvalue()[svg.getvalue().index("<svg") :]
    if pane["type"] == "image":
        return f'<img src="{pane["content"]["src"]}" alt="">'
    return f"<p>{pane['content']}</p>"


parts = [f"<h2>{html.escape(p['title'] or p['id'])}</h2>{part(p)}" for p in panes.values()]
folder = tempfile.TemporaryDirectory()
report = Path(folder.name, "report.html")
page = "<!doctype html><meta charset='utf-8'>" + "".join(parts)
assert report.write_text(page, encoding="utf-8") == len(page)

# %%
# The report has no script, no link and no image from elsewhere, and it shows the points of the server.
# See :py:meth:`visdom.Visdom.get_window_data` for what the JSON of each kind of pane holds.


class Sources(HTMLParser):
    found = ()

    def handle_starttag(self, tag, attrs):
        self.found += ((tag, *(value for name, value in attrs if name == "src")),)


reader = Sources()
reader.feed(report.read_text(encoding="utf-8"))
folder.cleanup()
assert [tag for tag, *src in reader.found if tag in ("svg", "img", "p")] == ["svg", "img", "p"]
assert all(src[0].startswith("data:image/png;base64,") for _, *src in reader.found if src)
assert [tag for tag, *_ in reader.found if tag in ("script", "link", "iframe")] == []
assert drawn == {trace["name"]: trace["y"] for trace in panes["training"]["content"]["data"]}
assert [len(values) for values in drawn.values()] == [20, 20] and drawn["loss"][-1] < 0.1
