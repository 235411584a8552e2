"""
Appends in batches send fewer bytes for the same curve
======================================================

Does each step of a training loop need an append of its own? Steps can be collected and sent with
one call of :py:meth:`visdom.Visdom.line`: the curve is the same, and the server broadcasts two messages
in place of two hundred, with less than a tenth of the bytes.
"""

import json

import torch
import visdom
import websocket

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# The losses are those of two hundred steps of gradient descent. ``websocket``, which comes with
# Visdom, listens at the address where a page listens, and gets what the server broadcasts. A page asks
# for more: when a patch does not fit its copy, it loads the env again.


def descend(steps):
    weight = torch.tensor([2.0, -1.5], requires_grad=True)
    for _ in range(steps):
        loss = ((weight**2 - 1) ** 2).sum()
        (slope,) = torch.autograd.grad(loss, weight)
        with torch.no_grad():
            weight -= 0.002 * slope
        yield round(loss.item(), 3)


losses = list(descend(200))
address = vis.server.replace("http", "ws", 1)
page = websocket.create_connection(f"{address}:{vis.port}/socket", timeout=30)


def heard():
    """Return the messages up to a sign that is given now, by their commands."""
    vis.close("sign")  # there is no such window, and the server tells the pages nevertheless
    found = {"window": [], "window_update": []}
    while True:
        text = page.recv()
        message = json.loads(text)
        if message["command"] == "close" and message["data"] == "sign":
            return found
        found.setdefault(message["command"], []).append(text)


# %%
# This class collects the values and sends them when there are enough. ``flush`` sends what is left at
# the end of the training. The first call has no ``update``, so that it replaces an old window.


class Curve:
    def __init__(self, win, every):
        self.win, self.every, self.steps, self.values, self.calls = win, every, [], [], 0

    def add(self, step, value):
        self.steps.append(step)
        self.values.append(value)
        if len(self.steps) == self.every:
            self.flush()

    def flush(self):
        if self.steps:
            opts = {"title": f"{self.every} steps per append", "xlabel": "step"}
            at = {"win": self.win, "update": "append" if self.calls else None, "opts": opts}
            assert vis.line(self.values, self.steps, **at) == self.win
            self.calls += 1
            self.steps, self.values = [], []


# %%
# The same curve is sent three times: step by step, in tens and in hundreds.

traffic, calls = {}, {}
for every in [1, 10, 100]:
    heard()
    curve = Curve(f"every-{every}", every)
    for step, loss in enumerate(losses):
        curve.add(step, loss)
    curve.flush()
    traffic[every], calls[every] = heard(), curve.calls

for every in traffic:
    assert len(traffic[every]["window"] + traffic[every]["window_update"]) == calls[every]
    (trace,) = json.loads(vis.get_window_data(f"every-{every}"))["content"]["data"]
    assert trace["x"] == list(range(200)) and trace["y"] == losses

# %%
# The server broadcasts an append as a patch: an operation for each number, and around them some 200
# bytes that are the same for one point and for many. Where the patch would be longer than the whole
# pane, it sends the pane.

first, *patches = traffic[1]["window_update"]
patch = json.loads(patches[-1])["content"]
assert {"op": "add", "path": "/content/data/0/x/199", "value": 199} in patch
assert len(patch) == 3 and len(patches[-1]) > 200
panes = {every: len(traffic[every]["window"]) for every in traffic}
assert panes[1] == 1 and 1 < panes[10] < 20 and panes[100] == 2

# %%
# The bytes fall with the size of the batch. At the end of this curve a batch of ten goes out as a patch
# too, and a point in it costs somewhat less than half of what it costs alone.

kilobytes = {
    every: sum(map(len, traffic[every]["window"] + traffic[every]["window_update"])) / 1000
    for every in traffic
}
opts = {
    "title": "kB that the server broadcasts",
    "xlabel": "steps per append",
    "xtype": "category",
    "rownames": [str(every) for every in kilobytes],
}
assert vis.bar(list(kilobytes.values()), win="kilobytes", opts=opts) == "kilobytes"
assert 0.4 < len(traffic[10]["window_update"][-1]) / 10 / len(patches[-1]) < 0.5

# %%
# What the client sends falls likewise, as a client that does not send shows. The price is a curve
# that lags by up to a hundred steps. See :py:meth:`visdom.Visdom.line` for appending and
# :py:meth:`visdom.Visdom.bar` for bars.

assert calls == {1: 200, 10: 20, 100: 2}
assert kilobytes[1] > 2 * kilobytes[10] > 4 * kilobytes[100]
assert kilobytes[1] > 10 * kilobytes[100]

dry = visdom.Visdom(send=False, use_incoming_socket=False)


def request(n):
    message, endpoint = dry.line(losses[:n], list(range(n)), win="every-1", update="append")
    assert endpoint == "update"
    return len(json.dumps(message))


assert 200 * request(1) > 10 * 2 * request(100)
held = json.loads(vis.get_window_data("kilobytes"))["content"]["data"][0]
assert held["y"] == list(kilobytes.values())
page.close()
