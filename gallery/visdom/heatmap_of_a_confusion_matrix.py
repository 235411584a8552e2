"""
Confusion matrices compare only with fixed colour limits
========================================================

How does a confusion matrix follow a training? :py:meth:`visdom.Visdom.heatmap` draws the whole
matrix anew each epoch, with the same ``xmin`` and ``xmax``. Without them the colours are stretched
to each matrix, an ``update="replace"`` without ``opts`` forgets them, and rows that are appended in
the second epoch are dropped.
"""

import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None


def held(win):
    (trace,) = json.loads(vis.get_window_data(win))["content"]["data"]
    return trace


# %%
# Sixty points in three clouds on a line, which overlap a little, are to be told apart. Rows of the
# matrix are true classes, columns are predictions, and a row adds up to 20.

classes = ["cat", "dog", "owl"]
spread = torch.linspace(-1.2, 1.2, 20)
x = torch.cat([spread - 2, spread, spread + 2]).unsqueeze(1)
labels = torch.arange(3).repeat_interleave(20)
model = nn.Linear(1, 3)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)


def epoch():
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()


def confusion():
    predicted = model(x).argmax(dim=1)
    return torch.bincount(3 * labels + predicted, minlength=9).reshape(3, 3)


# %%
# Before training each point is taken for a cat. Plotly puts the first row at the bottom: ``autorange``
# reversed puts it at the top, as in a table.

LOOK = {
    "columnnames": classes,
    "rownames": classes,
    "xmin": 0,
    "xmax": 20,
    "layoutopts": {
        "plotly": {
            "xaxis": {"title": "predicted"},
            "yaxis": {"title": "true", "autorange": "reversed"},
        }
    },
}


def show(win, matrix, title):
    assert vis.heatmap(matrix, win=win, opts={**LOOK, "title": title}) == win


matrices = [confusion()]
show("confusion", matrices[0], "Before training")
assert held("confusion")["z"] == [[20, 0, 0]] * 3

# %%
# After each epoch the same call draws the whole matrix anew, with the same limits, so a colour means the
# same number in each of these pictures.

for number in range(1, 6):
    epoch()
    matrices.append(confusion())
    show("confusion", matrices[-1], f"Epoch {number}")
assert (held("confusion")["zmin"], held("confusion")["zmax"]) == (0, 20)

# %%
# Without limits the smallest number of each matrix is dark and the largest is bright. Here is what
# went wrong, with the diagonal at zero: five mistakes shine like twenty above.

mistakes = matrices[-1] - torch.diag(matrices[-1].diag())
assert mistakes.max() == 5
opts = {"columnnames": classes, "rownames": classes, "title": "Mistakes, no limits"}
assert vis.heatmap(mistakes, win="mistakes", opts=opts) == "mistakes"
assert (held("mistakes")["zmin"], held("mistakes")["zmax"]) == (None, None)

# %%
# ``update="replace"`` takes over what the call says and what it does not say: without ``opts`` the
# names and the limits are gone.

show("replaced", matrices[0], "Replaced without opts")
assert vis.heatmap(matrices[-1], win="replaced", update="replace") == "replaced"
assert [held("replaced")[key] for key in ["x", "y", "zmin", "zmax"]] == [None] * 4

# %%
# Row by row, the first epoch goes well. In the second each row has a name that is there already, so
# the server drops it and answers as if it had not.


def row(matrix, index, update):
    opts = {**LOOK, "rownames": [classes[index]], "title": "Row by row"}
    answer = vis.heatmap(matrix[[index]], win="rows", update=update, opts=opts)
    assert answer == "rows"


for matrix in [matrices[0], matrices[-1]]:
    for index in range(3):
        row(matrix, index, None if matrix is matrices[0] and index == 0 else "appendRow")
assert held("rows")["y"] == classes and held("rows")["z"] == matrices[0].tolist()

# %%
# The window that is drawn anew holds the last matrix, with its names and limits. See
# :py:meth:`visdom.Visdom.heatmap` for the other options and updates.

last = held("confusion")
assert last["z"] == matrices[-1].tolist() and last["x"] == last["y"] == classes
correct = [int(matrix.diag().sum()) for matrix in matrices]
assert correct[0] == 20 and correct[-1] > 40
