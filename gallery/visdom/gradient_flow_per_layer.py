"""
Behind eleven sigmoids the first layer learns nothing, behind eleven ReLUs it does
==================================================================================

Which layer does the gradient reach while a network trains? A hook from
:py:meth:`torch.Tensor.register_post_accumulate_grad_hook` on each weight notes the norm, and a bar for
each layer shows it. With sigmoids the first layer gets less than a thousandth of what the last one gets.
"""

import json
import math

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# Both networks have twelve layers of the same width and the same first weights, scaled by the usual gain
# of ReLU.

DEPTH, WIDTH, STEPS = 12, 32, 12
LAYERS = [f"layer {number}" for number in range(1, DEPTH + 1)]
x = torch.sin(torch.arange(64 * WIDTH).view(64, WIDTH) * 0.7)
target = x[:, :1] * x[:, 1:2]


def build(activation):
    torch.manual_seed(0)
    layers = []
    for _ in range(DEPTH - 1):
        linear = nn.Linear(WIDTH, WIDTH)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, activation()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 1))


# %%
# The hook runs when the gradient of its weight is complete, and notes the norm.


def short(value):
    return float(f"{value:.3g}")


def train(model):
    norms = [0.0] * DEPTH
    for layer, linear in enumerate(model[::2]):

        def note(weight, layer=layer):
            norms[layer] = short(weight.grad.norm().item())

        linear.weight.register_post_accumulate_grad_hook(note)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), target).backward()
        optimizer.step()
        yield list(norms)


# %%
# Each step draws the bars anew, on a logarithmic axis from 1e-9 to 10, and adds a column of logarithms
# to the map of the run. A norm of zero has none that the browser can read, so it is cut off. The first
# column is drawn without ``update``, so it replaces the map of an earlier run.

LOG = {"rownames": LAYERS, "ytype": "log", "ytickmin": -9, "ytickmax": 1}
moved = {}
for name, activation in [("sigmoid", nn.Sigmoid), ("relu", nn.ReLU)]:
    model = build(activation)
    start = [linear.weight.detach().clone() for linear in model[::2]]
    for step, norms in enumerate(train(model)):
        title = f"Gradient with {name}"
        assert vis.bar(norms, win=f"{name} bars", opts=LOG | {"title": title}) == f"{name} bars"
        column = [[round(math.log10(max(norm, 1e-12)), 2)] for norm in norms]
        opts = {"title": f"{title}, log10 by step", "rownames": LAYERS, "xmin": -9, "xmax": 1}
        update = "appendColumn" if step else None
        answer = vis.heatmap(torch.tensor(column).double(), f"{name} flow", update=update, opts=opts)
        assert answer == f"{name} flow"
    pairs = zip(model[::2], start)
    moved[name] = [short((now.weight - old).norm() / old.norm()) for now, old in pairs]

# %%
# A layer that gets almost no gradient learns almost nothing. How far each weight has moved, relative to
# its size, shows the same slope.

opts = LOG | {"title": "How far the weights moved", "legend": list(moved)}
assert vis.bar(torch.tensor(list(moved.values())).double().T, win="moved", opts=opts) == "moved"

# %%
# One window holds the last step, the other the whole run. See :py:meth:`visdom.Visdom.bar` and
# :py:meth:`visdom.Visdom.heatmap`, and :py:meth:`torch.nn.Module.register_full_backward_hook` for the
# gradient of an activation.


def held(win):
    return json.loads(vis.get_window_data(win))["content"]["data"]


for name in moved:
    (bars,), (flow,) = held(f"{name} bars"), held(f"{name} flow")
    assert bars["x"] == flow["y"] == LAYERS
    for norm, row in zip(bars["y"], flow["z"]):
        assert abs(math.log10(max(norm, 1e-12)) - row[-1]) < 0.01
    assert [len(row) for row in flow["z"]] == [STEPS] * DEPTH
(sigmoid,), (relu,) = held("sigmoid bars"), held("relu bars")
print(f"first to last layer: {sigmoid['y'][0] / sigmoid['y'][-1]:.0e}, {relu['y'][0] / relu['y'][-1]:.0e}")
assert sigmoid["y"][0] < sigmoid["y"][-1] / 1000
assert relu["y"][0] > relu["y"][-1] / 10
still, lively = (trace["y"] for trace in held("moved"))
assert still[0] < lively[0] / 1000
