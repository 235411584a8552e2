"""
Freezing a backbone does not freeze its BatchNorm statistics
============================================================

Does :py:meth:`torch.nn.Module.requires_grad_` with ``False`` keep a pretrained backbone as it is? Its parameters stay,
but the running statistics of its BatchNorm layers are buffers, and each forward pass in training moves them. :py:meth:`torch.nn.Module.eval` on the
backbone holds them still.
"""

# %%
# A small residual network
# ------------------------
#
# The backbone learns nothing here; it only gets running statistics of its first data. Those stand for the pretraining.

import copy

import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(x + self.norm2(self.second(torch.relu(self.norm1(self.first(x))))))


pretrained = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), Block(8), Block(8), nn.AdaptiveAvgPool2d(1), nn.Flatten()
)
for _ in range(40):
    pretrained(torch.randn(32, 3, 8, 8))

# %%
# A frozen backbone, a new head
# -----------------------------
#
# Freeze what exists, then add what is trained. With ``keep_eval`` the model overrides :py:meth:`torch.nn.Module.train`,
# so that the backbone stays in evaluation when the training loop calls ``train()``.


class Classifier(nn.Module):
    def __init__(self, backbone, keep_eval):
        super().__init__()
        self.backbone, self.keep_eval = backbone.requires_grad_(False), keep_eval
        self.head = nn.Linear(8, 1)

    def train(self, mode=True):
        super().train(mode)
        if self.keep_eval:
            self.backbone.eval()
        return self

    def forward(self, x):
        return self.head(self.backbone(x))


# %%
# Training on other data
# ----------------------
#
# The new images are brighter than the old ones. After each step a fixed batch of old images goes through the backbone,
# in evaluation.

STEPS = 40
old_images = torch.randn(16, 3, 8, 8)
new_images = 1.5 + torch.randn(32, 3, 8, 8)
targets = torch.linspace(-1, 1, 32).unsqueeze(1)
features = pretrained.eval()(old_images).detach()


def drift(model):
    """Return how far the features of the old images are from what they were, after each step."""
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    distances = [0.0]
    for _ in range(STEPS):
        model.train()
        optimizer.zero_grad()
        nn.functional.mse_loss(model(new_images), targets).backward()
        optimizer.step()
        moved = model.eval().backbone(old_images) - features
        distances.append((moved.norm() / features.norm()).item())
    return distances


models = {
    "frozen": Classifier(copy.deepcopy(pretrained), keep_eval=False),
    "kept in eval()": Classifier(copy.deepcopy(pretrained), keep_eval=True),
}
paths = {name: drift(model) for name, model in models.items()}

# %%
# The features move, no parameter does
# ------------------------------------
#
# The frozen backbone answers old images with other features, although its weights are what they were.

colors = {"frozen": "tab:orange", "kept in eval()": "tab:blue"}
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, path in paths.items():
    ax.plot([100 * distance for distance in path], color=colors[name], lw=2.5, label=name)
ax.set(xlabel="step", ylabel="change of the features, %", title="A frozen backbone in training", xlim=(0, STEPS))
ax.legend(frameon=False, loc="center right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# In the frozen backbone every buffer has changed and no parameter has. The entries of
# :py:meth:`torch.nn.Module.requires_grad_` and :py:meth:`torch.nn.Module.train` say what else each of them leaves
# alone.


def changed(model, kind):
    """Return whether each parameter, or each buffer, differs from the pretrained one."""
    pairs = zip(getattr(model.backbone, kind)(), getattr(pretrained, kind)(), strict=True)
    return [not torch.equal(new, old) for new, old in pairs]


assert not any(changed(models["frozen"], "parameters")) and all(changed(models["frozen"], "buffers"))
assert not any(changed(models["kept in eval()"], "parameters") + changed(models["kept in eval()"], "buffers"))
assert paths["frozen"][-1] > 0.1 and max(paths["kept in eval()"]) < 1e-5
