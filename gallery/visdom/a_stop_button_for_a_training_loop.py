"""
A stop button stops the run next to it too, unless its handler reads the env
============================================================================

How is a training loop stopped from the browser? :py:meth:`visdom.Visdom.properties` draws a button, and
a handler from :py:meth:`visdom.Visdom.register_event_handler` sets a ``threading.Event`` that the loop
reads. The server sends a click to both clients, and a client compares the id of the window but not the
env: the handler must do that.
"""

import json
import threading

import torch
import visdom
import websocket
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True, env="button-1")
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# A run has an env, with a button and a loss in it. Two handlers listen to the button: one that sets an
# event at any click, and one that reads the env first. Both run in the thread of the client's socket,
# so they do nothing but set an event.


class Run:
    """A model in training, its client and its windows."""

    def __init__(self, client):
        self.client = client
        self.clicked_somewhere, self.clicked_here = threading.Event(), threading.Event()
        self.model = nn.Linear(1, 1)
        nn.init.zeros_(self.model.weight)
        nn.init.zeros_(self.model.bias)
        client.register_event_handler(self.naive, "control")
        client.register_event_handler(self.careful, "control")
        self.show_button("Stop")

    def naive(self, event):
        if event["event_type"] == "PropertyUpdate":
            self.clicked_somewhere.set()

    def careful(self, event):
        ours = event["eid"] == self.client.env
        if ours and event["event_type"] == "PropertyUpdate" and event["propertyId"] == 0:
            self.clicked_here.set()

    def show_button(self, label):
        fields = [{"type": "button", "name": self.client.env, "value": label}]
        opts = {"title": "Control", "width": 250, "height": 90}
        assert self.client.properties(fields, win="control", opts=opts) == "control"


first = Run(vis)
second = Run(
    visdom.Visdom(server=vis.server, port=vis.port, raise_exceptions=True, env="button-2")
)

# %%
# A click sends one message to the server's socket for browsers. The script has nobody who clicks, so it
# sends that message itself.


def click(run):
    address = f"{run.client.server.replace('http', 'ws', 1)}:{run.client.port}/socket"
    browser = websocket.create_connection(address, timeout=10)
    event = {"event_type": "PropertyUpdate", "propertyId": 0, "value": "clicked"}
    where = {"target": "control", "eid": run.client.env}
    browser.send(json.dumps({"cmd": "forward_to_vis", "data": where | event}))
    browser.close()


# %%
# The loop reads the event once per step. At step 12 somebody clicks, and the loop waits for the message,
# which is needed only here, where the step has to be the same in each run.

x = torch.linspace(-1, 1, 20).unsqueeze(1)
target = 2 * x + 1


def train(run, steps, clicked_at=None):
    optimizer = torch.optim.SGD(run.model.parameters(), lr=0.1)
    opts = {"title": f"Loss of {run.client.env}", "xlabel": "step"}
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(run.model(x), target)
        loss.backward()
        optimizer.step()
        value = round(loss.item(), 3)
        update = "append" if step else None
        run.client.line([value], [step], win="loss", update=update, opts=dict(opts))
        if step == clicked_at:
            before = run.client.get_window_data("control")
            click(run)
            assert run.clicked_here.wait(timeout=20)
            assert run.client.get_window_data("control") == before
        if run.clicked_here.is_set():
            break
    run.show_button("Stopped" if run.clicked_here.is_set() else "Finished")


train(first, steps=40, clicked_at=12)

# %%
# The second run has not been clicked. Its naive handler says that it has; the loop asks the other one,
# and goes on to the end.

assert second.clicked_somewhere.wait(timeout=20)
train(second, steps=40)

# %%
# The server holds 13 points of the stopped run and 40 of the other. The loop has sent the new labels: a
# click by itself leaves the button's pane as it is. See :py:meth:`visdom.Visdom.properties` for the other
# types of field.


def held(run, win):
    return json.loads(run.client.get_window_data(win))["content"]


assert [len(held(run, "loss")["data"][0]["x"]) for run in (first, second)] == [13, 40]
assert [held(run, "control")[0]["value"] for run in (first, second)] == ["Stopped", "Finished"]
assert first.clicked_somewhere.is_set() and first.clicked_here.is_set()
assert second.clicked_somewhere.is_set() and not second.clicked_here.is_set()
