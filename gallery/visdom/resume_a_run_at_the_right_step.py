"""
A resumed run draws some steps twice unless you cut its curve at the checkpoint
===============================================================================

How does a run go on in the window that it drew before it crashed? The checkpoint is older than the last
point, so the steps between them come again. Read the curve with :py:meth:`visdom.Visdom.get_window_data`,
send back its points up to the checkpoint with ``update="replace"``, and append.
"""

import io
import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# The model is a line, trained with momentum. A checkpoint holds the model, the optimizer and the number of
# the step, and comes after each tenth step.

x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = 2 * x + 1


class Run:
    def __init__(self):
        self.model, self.step, self.losses = nn.Linear(1, 1), 0, []
        nn.init.zeros_(self.model.weight)
        nn.init.zeros_(self.model.bias)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05, momentum=0.8)

    def train_step(self):
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x), target)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        return round(loss.item(), 3)

    def save(self):
        file = io.BytesIO()
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(state | {"step": self.step}, file)
        return file.getvalue()

    def load(self, saved):
        state = torch.load(io.BytesIO(saved))
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


# %%
# Two windows get the same points until the crash at step 27. The checkpoint is of step 20.


def point(win, name, step, value, new=False):
    opts = {"title": win.capitalize(), "xlabel": "step", "showlegend": True}
    update = None if new else "append"
    assert vis.line([value], [step], win=win, name=name, update=update, opts=opts) == win


def train(run, until):
    while run.step < until:
        loss = run.train_step()
        for win in ["not cut", "cut"]:
            point(win, "loss", run.step, loss, new=run.step == 1)
            if run.step > 20:
                point(win, "late", run.step, 2.0)
        if run.step % 10 == 0:
            checkpoint = run.save()
    return checkpoint


checkpoint = train(Run(), until=27)

# %%
# ``cut`` keeps the points up to the step of the checkpoint. A curve that has none of them is removed, as a
# replacement without points is refused; a gap comes back from JSON as ``None`` and is sent as NaN.


def cut(win, last_step):
    for trace in json.loads(vis.get_window_data(win))["content"]["data"]:
        kept = [(x, y) for x, y in zip(trace["x"], trace["y"], strict=True) if x <= last_step]
        if kept:
            xs = [x for x, _ in kept]
            ys = [float("nan") if y is None else y for _, y in kept]
            answer = vis.line(ys, xs, win=win, name=trace["name"], update="replace")
        else:
            answer = vis.line(None, win=win, name=trace["name"], update="remove")
        assert answer == win


resumed = Run()
resumed.load(checkpoint)
cut("cut", resumed.step)

# %%
# The resumed run appends to both windows. In the one that was not cut, the line goes back from step 27 to
# step 21.

train(resumed, until=40)

# %%
# The curve that was cut is that of a run that did not crash, point by point; the other holds the steps 21
# to 27 twice. See :py:meth:`visdom.Visdom.line` for ``update``.


def held(win):
    data = json.loads(vis.get_window_data(win))["content"]["data"]
    return {trace["name"]: (trace["x"], trace["y"]) for trace in data}


whole = Run()
losses = [whole.train_step() for _ in range(40)]
steps = list(range(1, 41))
assert held("cut") == {"loss": (steps, losses), "late": (steps[20:], [2.0] * 20)}
again = steps[:27] + steps[20:]
assert held("not cut")["loss"] == (again, losses[:27] + losses[20:])
assert held("not cut")["late"][0] == again[20:]
