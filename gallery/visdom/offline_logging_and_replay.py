"""
A replayed log has the points of an offline run and one frame of its images
===========================================================================

A job on a machine that reaches no server writes what it would draw to a file, which
:py:meth:`visdom.Visdom.replay_log` sends later. Lines, texts and changed options come back whole.
An image history shrinks to its last frame, unless the log is mended, and what was closed is open
again.
"""

import json
import tempfile
from pathlib import Path

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None


def held(win, env):
    return json.loads(vis.get_window_data(win, env=env))


# %%
# With ``offline=True`` the client needs a file in place of a server. It answers with the ids of the
# windows, as a server would. The env of the log has to be an empty one on the server.

for env in ("offline-run", "offline-run-mended"):
    vis.delete_env(env)
folder = tempfile.TemporaryDirectory()
log = Path(folder.name, "run.log")
job = visdom.Visdom(offline=True, log_to_filename=str(log), env="offline-run")

grid = torch.linspace(-1, 1, 12)
x = torch.stack(torch.meshgrid(grid, grid, indexing="ij"), dim=-1).reshape(-1, 2)
target = (x.prod(dim=1, keepdim=True) > 0).float()
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(torch.cos(torch.arange(float(parameter.numel())) + 0.5).view_as(parameter))
optimizer = torch.optim.SGD(model.parameters(), lr=2.0)

# %%
# The job draws a loss for each step, a line of text and a frame of an image history for every
# tenth, and a window that it closes.

assert job.text("starting", win="scratch") == "scratch"
assert job.text("log of the run", win="notes") == "notes"
losses = []
for step in range(40):
    optimizer.zero_grad()
    output = model(x)
    loss = nn.functional.binary_cross_entropy(output, target)
    loss.backward()
    optimizer.step()
    losses.append(round(loss.item(), 3))
    assert job.line([losses[-1]], [step], win="loss", update="append") == "loss"
    if step % 10 == 9:
        assert job.text(f"step {step}: {losses[-1]}", win="notes", append=True) == "notes"
        opts = {"store_history": True, "caption": str(step), "width": 240, "height": 260}
        assert job.image(output.detach().reshape(12, 12), win="output", opts=opts) == "output"
assert job.update_window_opts("loss", {"title": "Loss, offline", "xlabel": "step"}) == "loss"
assert job.close("scratch") == "scratch" and job.save(["offline-run"]) is True

# %%
# Each line of the log is a JSON list of an endpoint of the server and the message for it. The log has the
# endpoints events and update, and neither the close nor the save.

entries = [json.loads(line) for line in log.read_text().splitlines()]
assert len(entries) == 2 + 40 + 4 + 4 + 1
assert {endpoint for endpoint, _ in entries} == {"events", "update"}
assert not any(vis.win_exists(message["win"], env="offline-run") for _, message in entries)

# %%
# Replaying sends line after line. The texts come first here, and make the env: an append to an env that
# the server does not know is lost.

vis.replay_log(str(log))
(line,) = held("loss", "offline-run")["content"]["data"]
assert line["x"] == list(range(40)) and line["y"] == losses
assert held("loss", "offline-run")["content"]["layout"]["title"] == "Loss, offline"
assert held("notes", "offline-run")["content"].count("<br>step") == 4

# %%
# Of the image history one frame is left: offline the client cannot ask whether the window is there,
# and logs each frame as a new window. The closed window is open.

assert [frame["caption"] for frame in held("output", "offline-run")["content"]] == ["39"]
assert vis.win_exists("scratch", env="offline-run")

# %%
# The log can be mended: frames after the first go to update, and the window that was closed is left
# out. A second replay into the same env would append the points again, so the mended log gets another
# one. To close the windows and draw them again would lose some if a page shows them.

drawn, mended = set(), []
for endpoint, message in entries:
    if message["win"] == "scratch":
        continue
    if endpoint == "events" and message["data"][0]["type"] == "image_history":
        endpoint = "update" if message["win"] in drawn else "events"
        drawn.add(message["win"])
    mended.append(json.dumps([endpoint, message | {"eid": "offline-run-mended"}]))
Path(folder.name, "mended.log").write_text("\n".join(mended) + "\n")
vis.replay_log(str(Path(folder.name, "mended.log")))
folder.cleanup()

# %%
# The second env has four frames, forty points and no scratch. See :py:meth:`visdom.Visdom.replay_log` for
# what a log cannot hold, and :py:meth:`visdom.Visdom.image` for the history.

mended = "offline-run-mended"
assert [frame["caption"] for frame in held("output", mended)["content"]] == ["9", "19", "29", "39"]
assert held("loss", mended)["content"]["data"][0]["y"] == losses
assert held("notes", mended)["content"].count("<br>step") == 4
assert not vis.win_exists("scratch", env=mended)
