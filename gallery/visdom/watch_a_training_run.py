"""
Hooks fill seven panes and leave the training loop as it is
===========================================================

How is a training run watched without a line of Visdom in its loop? With hooks: one on the criterion, one
on the model, one on the optimizer and one on the weight of each layer feed seven panes. A second model,
trained without them, ends at the same weights.
"""

import copy
import json

import torch
import visdom
from torch import nn

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# Pictures of 8 by 8 pixels hold stripes across, stripes down or diagonal ones, under stronger noise that
# comes from a formula.

CLASSES = ["across", "down", "diagonal"]
row, column, number = torch.arange(8).view(8, 1), torch.arange(8), torch.arange(120)
target = number % 3
wave = torch.stack([row + 0 * column, 0 * row + column, row + column])[target]
noise = (torch.arange(120 * 64) ** 2 * 7919 % 1009 / 1009).view(120, 8, 8)
pictures = 0.4 * ((wave + number.view(-1, 1, 1) // 3) % 4 < 2).float() + 0.6 * noise
train_set, check_set = (pictures[:96], target[:96]), (pictures[96:], target[96:])

# %%
# The loop knows nothing of Visdom.


def train(model, criterion, optimizer, scheduler):
    for _ in range(5):
        for part in torch.arange(96).split(24):
            optimizer.zero_grad()
            criterion(model(train_set[0][part]), train_set[1][part]).backward()
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            criterion(model(check_set[0]), check_set[1])


torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
twin = copy.deepcopy(model)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)

# %%
# A curve gets a point with each call. The criterion sees logits, targets and loss, so one forward hook
# feeds the loss, the accuracy and, where no gradient is recorded, the confusion matrix.

steps_done, drawn = 0, set()


def point(win, name, value):
    opts = {"title": win.capitalize(), "xlabel": "step", "showlegend": True}
    value = round(float(value), 3)
    update = "append" if win in drawn else None  # the first call replaces an old window
    answer = vis.line([value], [steps_done], win, name=name, update=update, opts=opts)
    assert answer == win
    drawn.add(win)


def watch_criterion(module, args, loss):
    logits, truth = (given.detach() for given in args)
    guess = logits.argmax(1)
    which = "training" if loss.requires_grad else "check"
    point("loss", which, loss.detach())
    point("accuracy", which, (guess == truth).float().mean())
    if which == "check":
        confusion = torch.bincount(3 * truth + guess, minlength=9).view(3, 3)
        opts = {"title": "Confusion", "rownames": CLASSES, "columnnames": CLASSES}
        opts |= {"xlabel": "taken for", "xmin": 0, "xmax": 8}
        vis.heatmap(confusion, win="confusion", opts=opts)


# %%
# The other three feed the remaining panes: the gradient of a weight once it is complete, the learning
# rate and the weights after each step, the first eight pictures of what the model is shown.

edges = torch.linspace(-0.6, 0.6, 25)
before = torch.histogram(model[1].weight.detach().cpu(), edges.cpu()).hist


def watch_optimizer(optimizer, args, kwargs):
    global steps_done
    steps_done += 1
    point("learning rate", "lr", optimizer.param_groups[0]["lr"])
    now = torch.histogram(model[1].weight.detach().cpu(), edges.cpu()).hist
    opts = {"title": "Weights of the first layer", "legend": ["at the start", "now"]}
    centres = (edges[:-1] + edges[1:]).div(2).double().round(decimals=3)
    vis.bar(torch.stack([before, now], 1).int(), centres, win="weights", opts=opts)


def watch_model(module, args, logits):
    large = args[0][:8, None].repeat_interleave(8, 2).repeat_interleave(8, 3)
    vis.images(large, nrow=4, win="batch", opts={"title": "Batch"})


handles = [
    criterion.register_forward_hook(watch_criterion),
    model.register_forward_hook(watch_model),
    optimizer.register_step_post_hook(watch_optimizer),
]
for name, weight in [("first layer", model[1].weight), ("last layer", model[3].weight)]:

    def watch_gradient(weight, name=name):
        point("gradient", name, weight.grad.norm())

    handles.append(weight.register_post_accumulate_grad_hook(watch_gradient))

train(model, criterion, optimizer, scheduler)
for handle in handles:
    handle.remove()

# %%
# The twin trains without hooks and ends at the same weights; the panes hold 20 steps and 5 checks. The
# counts are drawn with :py:meth:`visdom.Visdom.bar`, because :py:meth:`visdom.Visdom.histogram` puts
# them in the wrong places; the hooks are :py:meth:`torch.nn.Module.register_forward_hook` and
# :py:meth:`torch.Tensor.register_post_accumulate_grad_hook`.

plain = torch.optim.SGD(twin.parameters(), lr=0.5, momentum=0.9)
train(twin, criterion, plain, torch.optim.lr_scheduler.StepLR(plain, step_size=2, gamma=0.5))
assert all(map(torch.equal, model.parameters(), twin.parameters()))


def held(win):
    return json.loads(vis.get_window_data(win))["content"]


curves = {(w, t["name"]): t["y"] for w in ["loss", "accuracy", "gradient"] for t in held(w)["data"]}
assert [len(y) for y in curves.values()] == [20, 5, 20, 5, 20, 20]
assert curves["loss", "check"][-1] < curves["loss", "check"][0] * 0.7
assert held("learning rate")["data"][0]["y"] == [0.5] * 8 + [0.25] * 8 + [0.125] * 4
matrix = torch.tensor(held("confusion")["data"][0]["z"])
assert matrix.sum(1).tolist() == [8, 8, 8]
assert abs(matrix.trace() / 24 - curves["accuracy", "check"][-1]) < 1e-3
assert [sum(trace["y"]) for trace in held("weights")["data"]] == [64 * 32] * 2
assert held("batch")["src"].startswith("data:image/png;base64,")
