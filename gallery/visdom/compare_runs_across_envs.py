"""
A typed address of a comparison shows one run twice if it begins with the wrong run
===================================================================================

How are two runs compared? Give each an env, and the windows the same titles, and select both envs in the
list of the page. The list asks in the right order; in an address that you type, such as
``/compare/lr-fast+lr-slow``, the env that is first in the alphabet has to be first. In Python,
:py:meth:`visdom.Visdom.get_window_data` makes the comparison in an order of your choice.
"""

import json

import torch
import visdom
import websocket
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True, env="comparison")
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# Two runs differ in the step size. Each writes to an env of its own, with the same window id and the
# same title.

x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = torch.sin(2 * x)
RUNS = {"lr-slow": 0.02, "lr-fast": 0.2}


def run(env, lr):
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for step in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        point = [round(loss.item(), 3)], [step], "loss", env
        opts = {"title": "Loss", "xlabel": "step"}
        update = "append" if step else None
        answer = vis.line(*point, name="train", update=update, opts=opts)
        assert answer == "loss"


for env, lr in RUNS.items():
    run(env, lr)


def curve(env):
    (trace,) = json.loads(vis.get_window_data("loss", env))["content"]["data"]
    return trace["y"]


assert curve("lr-slow")[-1] > curve("lr-fast")[-1]

# %%
# The page registers with the server and asks for a comparison; the server sends the windows to that page
# alone. The script asks in the same way and keeps what comes, so that it can be looked at.


def compared(envs):
    page = websocket.create_connection(
        f"{vis.server.replace('http', 'ws', 1)}:{vis.port}/socket", timeout=20
    )
    session = json.loads(page.recv())["data"]
    vis.session.post(f"{vis.server}:{vis.port}/compare/{'+'.join(envs)}", json={"sid": session})
    panes = []
    while (message := json.loads(page.recv()))["command"] != "layout":
        panes += [message] if message["command"] == "window" else []
    page.close()
    assert [pane["title"] for pane in panes] == ["Loss", "compare_legend"]
    return panes[0]


# %%
# In alphabetical order, as the list asks, both runs are there. The lines are merged by title; the number
# in front of the name is the position of the run in the question.

right = compared(["lr-fast", "lr-slow"])
vis.set_window_data(json.dumps(right), win="in-order")
lines = {trace["name"]: trace["y"] for trace in right["content"]["data"]}
assert lines == {"0_train": curve("lr-fast"), "1_train": curve("lr-slow")}

# %%
# In the other order the server starts with the windows of the run that it was given first, and adds the
# runs in alphabetical order but for the first. That is the same run again: both lines are ``lr-slow``,
# one of them under the number of ``lr-fast``.

wrong = compared(["lr-slow", "lr-fast"])
vis.set_window_data(json.dumps(wrong), win="out-of-order")
lines = {trace["name"]: trace["y"] for trace in wrong["content"]["data"]}
assert lines == {"1_train": curve("lr-slow"), "0_train": curve("lr-slow")}

# %%
# In Python, one :py:meth:`visdom.Visdom.line` with a column for each run shows which is which, here with
# the slow one first. It is a window of the env comparison, and is saved with it.

runs = torch.tensor([curve(env) for env in RUNS], dtype=torch.float64).T
opts = {"title": "Loss", "xlabel": "step", "legend": [f"{env} ({lr})" for env, lr in RUNS.items()]}
assert vis.line(runs, torch.arange(20), win="by-hand", opts=opts) == "by-hand"

# %%
# The window holds both runs under their names. See :py:meth:`visdom.Visdom.save` and the entries next to it
# to save, copy and delete envs.

assert set(RUNS) | {"comparison"} <= set(vis.get_env_list())
held = json.loads(vis.get_window_data("by-hand"))["content"]["data"]
assert {trace["name"]: trace["y"] for trace in held} == {
    "lr-slow (0.02)": curve("lr-slow"),
    "lr-fast (0.2)": curve("lr-fast"),
}
