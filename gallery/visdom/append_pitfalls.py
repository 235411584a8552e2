"""
A typo in update= replaces the whole curve
==========================================

What happens when a call of :py:meth:`visdom.Visdom.line` is slightly wrong? Four mistakes raise
nothing, print nothing, and lose points: a typo in ``update``, a ``legend`` in an append, a number as
``win``, and a row with a value too few.
"""

import json

import torch
import visdom

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None


def held(win):
    data = json.loads(vis.get_window_data(win))["content"]["data"]
    return {trace["name"]: trace["y"] for trace in data}


# %%
# Twelve steps of gradient descent with two step sizes give two curves to show. The first call for a
# window has no ``update``, so that it replaces the window of an earlier run.


def descend(lr):
    weight = torch.tensor(2.0, requires_grad=True)
    for _ in range(12):
        loss = (weight**2 - 1) ** 2 / 2
        (slope,) = torch.autograd.grad(loss, weight)
        with torch.no_grad():
            weight -= lr * slope
        yield round(loss.item(), 3)


slow, fast = list(descend(0.02)), list(descend(0.05))
assert slow[0] == fast[0] == 4.5 and fast[-1] < slow[-1]
assert vis.line(slow, list(range(12)), win="typo", opts={"title": "Before"}) == "typo"

# %%
# An ``update`` with a typo replaces the points. One is left, and a line of one point is not drawn.

assert vis.line([0.5], [12], win="typo", update="apend") == "typo"
assert held("typo") == {"1": [0.5]}

# %%
# On an append, ``legend`` renames the lines that the window has, from the first on. So the second
# curve renames the first and joins it.

update = None
for step, losses in enumerate(zip(slow, fast)):
    for name, loss in zip(["slow", "fast"], losses):
        opts = {"title": "Legend in an append", "legend": [name]}
        answer = vis.line([loss], [step], win="legend", name=name, update=update, opts=opts)
        assert answer == "legend"
        update = "append"
assert list(held("legend")) == ["fast"] and len(held("legend")["fast"]) == 24

# %%
# With ``name`` alone there are two curves. ``showlegend`` shows their names.

update = None
for step, losses in enumerate(zip(slow, fast)):
    for name, loss in zip(["slow", "fast"], losses):
        opts = {"title": "Name alone", "showlegend": True}
        vis.line([loss], [step], win="names", name=name, update=update, opts=opts)
        update = "append"
assert held("names") == {"slow": slow, "fast": fast}

# %%
# The id of a window is a string. A number makes a window called "5", which no append finds, and so
# each point starts anew.

for step, loss in enumerate(slow):
    assert vis.line([loss], [step], win=5, update="append", opts={"title": "Number"}) == "5"
assert held("5") == {"1": [slow[-1]]}

# %%
# One value for two lines fails on the server after the first line has got its point. The client
# returns an empty string.

assert vis.line([0.0], [12], win="names", update="append") == ""
assert [len(y) for y in held("names").values()] == [13, 12]

# %%
# A function that fixes ``update``, requires the name and compares the answer rules the four out. More
# such calls, with what the server makes of them, are under :py:meth:`visdom.Visdom.line`.

drawn = set()


def append(win, name, step, value):
    win, update = str(win), "append" if win in drawn else None
    opts = {"title": win, "showlegend": True}
    answer = vis.line([value], [step], win, name=name, update=update, opts=opts)
    assert answer == win, f"visdom answered {answer!r}"
    drawn.add(win)


for step, losses in enumerate(zip(slow, fast)):
    for name, loss in zip(["slow", "fast"], losses):
        append("safe", name, step, loss)
assert held("safe") == {"slow": slow, "fast": fast}
