"""
A learning rate typed into a window reaches the running loop, and a bad one does not
====================================================================================

How do you change the learning rate while a model trains? Draw a text field with
:py:meth:`visdom.Visdom.properties`, and put what is typed into a queue that the loop empties once per
step. Check the value: a field of type ``number`` keeps digits and one point, so ``1e-4`` arrives as ``14``.
"""

import json
import queue
import threading

import torch
import visdom
import websocket
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True, env="steering")
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# The window has one field, of type ``text``. The loop draws it again after each change, so it shows the
# rate in use. Another run has such a window in an environment of its own.


def show(rate, env=vis.env):
    fields = [{"type": "text", "name": "learning rate", "value": str(rate)}]
    opts = {"title": "Controls", "width": 300, "height": 120}
    assert vis.properties(fields, win="controls", env=env, opts=opts) == "controls"


show(0.02)
show(0.02, env="steering-2")

# %%
# The handler runs in the thread of the client's socket, so it only puts the text into the queue. It reads
# ``eid``, because it also hears a window of that name in another environment.

typed, arrived, elsewhere = queue.Queue(), threading.Event(), []


def heard(event):
    if event["event_type"] == "PropertyUpdate":
        if event["eid"] == vis.env:
            typed.put(event["value"])
        else:
            elsewhere.append(event["value"])
        arrived.set()


vis.register_event_handler(heard, "controls")

# %%
# Once per step the loop takes what is there. ``float`` refuses a word, and the bounds refuse 14, infinity
# and NaN.

refused = []


def steer(optimizer):
    changed = not typed.empty()
    while not typed.empty():
        text = typed.get()
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if 0 < rate < 1:
            for group in optimizer.param_groups:
                group["lr"] = rate
        else:
            refused.append(text)
    if changed:
        show(optimizer.param_groups[0]["lr"])


# %%
# Nobody types here, so the script sends what a page sends: once for the other run, and then three times for
# this one. It waits for each message only so that the step is the same in each run.


def send(text, eid):
    browser = websocket.create_connection(
        f"{vis.server.replace('http', 'ws', 1)}:{vis.port}/socket", timeout=20
    )
    event = {"event_type": "PropertyUpdate", "target": "controls", "propertyId": 0, "value": text}
    browser.send(json.dumps({"cmd": "forward_to_vis", "data": {"eid": eid, **event}}))
    browser.close()


TYPED = {10: ("0.9", "steering-2")}
TYPED |= {20: ("2e-1", vis.env), 30: ("fast", vis.env), 40: ("14", vis.env)}
x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = 2 * x + 1
model = nn.Linear(1, 1)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
losses, rates = [], []
for step in range(50):
    if step in TYPED:
        arrived.clear()
        send(*TYPED[step])
        assert arrived.wait(timeout=20)
    steer(optimizer)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), target)
    loss.backward()
    optimizer.step()
    losses.append(round(loss.item(), 3))
    rates.append(optimizer.param_groups[0]["lr"])
    for win, value in [("loss", losses[-1]), ("learning rate", rates[-1])]:
        opts = {"title": win.capitalize(), "xlabel": "step"}
        update = "append" if step else None
        assert vis.line([value], [step], win=win, update=update, opts=opts) == win

# %%
# The rate changes at step 20 and at no other, the loss falls faster from there, and the field shows
# ``0.2``. See :py:meth:`visdom.Visdom.properties` for the types of field, and
# :py:meth:`visdom.Visdom.register_event_handler` for the other events.


def held(win):
    return json.loads(vis.get_window_data(win))["content"]


assert held("learning rate")["data"][0]["y"] == [0.02] * 20 + [0.2] * 30 == rates
assert held("loss")["data"][0]["y"] == losses
assert losses[19] - losses[21] > 2 * (losses[17] - losses[19])
assert refused == ["fast", "14"] and elsewhere == ["0.9"]
assert [(field["type"], field["value"]) for field in held("controls")] == [("text", "0.2")]
