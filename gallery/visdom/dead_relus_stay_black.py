"""
One step that is too large kills a ReLU, and its map stays black
================================================================

What does a layer put out, and do all of its channels still work? A hook from
:py:meth:`torch.nn.Module.register_forward_hook` hands the output on to two panes: the maps as pictures,
and how often each channel fires as a heatmap. After one step that is too large one channel fires for no
picture, and thirty sensible steps do not bring it back.
"""

import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# The pictures are discs of eight sizes; a small network says how large each is. Its first weights come
# from a formula, so that they are the same on each machine.

line = torch.linspace(-1, 1, 16)
radius = torch.linspace(0.2, 0.9, 8)
discs = (line.view(-1, 1) ** 2 + line**2 < radius.view(-1, 1, 1) ** 2).float().unsqueeze(1)
target = radius.unsqueeze(1)

conv, linear = nn.Conv2d(1, 8, kernel_size=3), nn.Linear(8, 1)
for layer in (conv, linear):
    numbers = torch.arange(layer.weight.numel()).view_as(layer.weight)
    layer.load_state_dict({"weight": torch.cos(0.3 * numbers**2) / 3, "bias": layer.bias * 0})
model = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)

# %%
# The hook keeps the output of the ReLU without its graph. A map is divided by its largest value, because
# :py:meth:`visdom.Visdom.images` takes floats from 0 to 1.

seen = {}
model[1].register_forward_hook(lambda module, args, output: seen.update(maps=output.detach()))


def show(when):
    with torch.no_grad():
        model(discs)
    maps = seen["maps"][4].unsqueeze(1)
    maps = maps / maps.amax(dim=(2, 3), keepdim=True).clamp(min=1e-6)
    large = maps.repeat_interleave(6, 2).repeat_interleave(6, 3)
    opts = {"title": f"Maps {when}"}
    assert vis.images(large, nrow=4, win=f"maps {when}", opts=opts) == f"maps {when}"
    fires = (seen["maps"] > 0).double().mean(dim=(2, 3)).T.round(decimals=3)
    rows = [f"ch {number}" for number in range(8)]
    opts = {"title": f"Share that fires {when}", "rownames": rows, "xmin": 0, "xmax": 1}
    opts["xlabel"] = "disc"
    assert vis.heatmap(fires, win=f"fires {when}", opts=opts) == f"fires {when}"


show("at start")

# %%
# One step with a step size of 3, and then thirty with a sensible one. The loss jumps and comes back; one
# of the maps does not.


def step(lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(discs), target)
    loss.backward()
    optimizer.step()
    return round(loss.item(), 3)


losses = [step(3.0)]
frozen = conv.weight.detach().clone()
losses += [step(0.05) for _ in range(30)]
show("after")

# %%
# A channel whose row is zero in what the server holds is dead: it puts out nothing for any disc.


def dead(when):
    (trace,) = json.loads(vis.get_window_data(f"fires {when}"))["content"]["data"]
    return [channel for channel, row in enumerate(trace["z"]) if not any(row)]


print(f"dead at start: {dead('at start')}, after the large step: {dead('after')}")
assert dead("at start") == [] and dead("after") == [3]

# %%
# A dead channel gets no gradient, and so its weights are where the large step has put them; the loss
# falls again all the same. See :py:meth:`visdom.Visdom.heatmap` for its options.

assert losses[1] > 100 * losses[0] and losses[-1] < losses[0]

for channel in dead("after"):
    assert not conv.weight.grad[channel].any()
    assert torch.equal(conv.weight[channel], frozen[channel])
    assert not seen["maps"][:, channel].any()
for when in ["at start", "after"]:
    pane = json.loads(vis.get_window_data(f"maps {when}"))
    assert pane["type"] == "image" and (pane["width"], pane["height"]) == (4 * 88, 2 * 88)
