"""
A sweep needs an environment for each run and a summary that outlives them
==========================================================================

How do you keep the runs of a sweep together? Name the environments ``sweep_…``: the list of the page
groups them by what stands before the first underscore. Draw the summary into one more environment, a
curve and a bar for each run; :py:meth:`visdom.Visdom.delete_env` then removes runs and leaves it whole.
"""

import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True, env="sweep_summary")
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# Each run has a window ``loss`` in an environment of its own, and a curve of its own in the summary. The
# first call draws the summary anew.

x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = 2 * x + 1
RATES = [0.03, 0.1, 0.3]
steps, last = 12, {}


def run(rate):
    env = f"sweep_lr{rate}"
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        value = round(loss.item(), 3)
        own = {"title": "Loss", "xlabel": "step"}
        vis.line([value], [step], win="loss", env=env, update="append" if step else None, opts=own)
        update = "append" if step or rate != RATES[0] else None
        name, shared = f"lr {rate}", {"title": "Losses", "xlabel": "step", "showlegend": True}
        assert vis.line([value], [step], win="losses", name=name, update=update, opts=shared) == "losses"
    last[env] = value


for rate in RATES:
    run(rate)

# %%
# A bar for each run shows which rate wins.

opts = {"title": "Last loss", "rownames": [f"lr {rate}" for rate in RATES], "xtype": "category"}
assert vis.bar(list(last.values()), win="last", opts=opts) == "last"

# %%
# One client has written to each environment through ``env=``, and the summary is in the group too.

sweep = {env for env in vis.get_env_list() if env.split("_")[0] == "sweep"}
assert sweep == {"sweep_summary", *last}


def held(win, env):
    return json.loads(vis.get_window_data(win, env))["content"]["data"]


curves = {f"sweep_lr{rate}": held("loss", f"sweep_lr{rate}")[0]["y"] for rate in RATES}

# %%
# The runs are deleted except the best.

best = min(last, key=last.get)
for env in last:
    if env != best:
        assert vis.delete_env(env) is not None

# %%
# The summary has the curves of the runs that are gone. See :py:meth:`visdom.Visdom.line` for ``env``.

assert {env for env in vis.get_env_list() if env.startswith("sweep_")} == {"sweep_summary", best}
summary = {trace["name"]: trace["y"] for trace in held("losses", "sweep_summary")}
assert list(summary) == [f"lr {rate}" for rate in RATES]
assert list(summary.values()) == list(curves.values())
assert best == "sweep_lr0.3" and held("last", "sweep_summary")[0]["y"] == list(last.values())
assert [curve[-1] for curve in summary.values()] == list(last.values())
assert held("loss", best)[0]["x"] == list(range(steps))
