"""
A resumed run equals the uninterrupted one to the bit if five states are saved
==============================================================================

A run is interrupted after half of its steps and goes on from a checkpoint. Is the result the same
as without the interruption? To the bit, if the checkpoint has the model, the optimizer, the
scheduler, the random numbers and the place in the data. Each of them that is missing leads
somewhere else, and nothing says so.
"""

# %%
# A run with much state
# ---------------------
#
# Dropout draws random numbers, Adam keeps averages, the learning rate follows a schedule, and each
# epoch has a new order of the data. All of that is in one class, as a training script has it in its
# variables.

import io

import matplotlib.pyplot as plt
import torch
from torch import nn

plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})

torch.set_default_device("cpu")  # dropout on a device draws from a generator of the device
ROWS, BATCH, HALF = 32, 8, 30
x = torch.linspace(-2, 2, ROWS).unsqueeze(1)
y = torch.sin(2 * x)


class Run:
    """Everything that a training step reads or writes."""

    def __init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Dropout(0.2), nn.Linear(32, 1))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.02)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=20, gamma=0.5)
        self.order, self.losses = torch.Generator().manual_seed(1), []
        self.epoch, self.place = None, ROWS

    def step(self):
        if self.place == ROWS:
            self.epoch, self.place = torch.randperm(ROWS, generator=self.order), 0
        rows = self.epoch[self.place : self.place + BATCH]
        self.place += BATCH
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x[rows]), y[rows])
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()
        self.losses.append(loss.item())

    def save(self):
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random numbers": torch.get_rng_state(),
            "data": {"order": self.order.get_state(), "epoch": self.epoch, "place": self.place},
        }

    def load(self, checkpoint):
        for name in ("model", "optimizer", "scheduler"):
            if name in checkpoint:
                getattr(self, name).load_state_dict(checkpoint[name])
        if "random numbers" in checkpoint:
            torch.set_rng_state(checkpoint["random numbers"])
        if "data" in checkpoint:
            self.order.set_state(checkpoint["data"]["order"])
            self.epoch, self.place = checkpoint["data"]["epoch"], checkpoint["data"]["place"]


# %%
# The run that is not interrupted
# -------------------------------
#
# After half of its steps it writes a checkpoint and goes on. The checkpoint goes through a file,
# here one in memory, and is read with the default ``weights_only=True``.

run = Run()
for _ in range(HALF):
    run.step()
torch.save(run.save(), file := io.BytesIO())
for _ in range(HALF):
    run.step()
whole = run


def resume(without=None):
    """Return a new run that goes on from the checkpoint, one part of which is left out."""
    file.seek(0)
    checkpoint = torch.load(file)
    checkpoint.pop(without, None)
    resumed = Run()
    resumed.load(checkpoint)
    for _ in range(HALF):
        resumed.step()
    return resumed


# %%
# What is left out
# ----------------
#
# Each panel is a run that was resumed with one part missing. With all of them the difference to the
# run without interruption is 0.

parts = ["optimizer", "scheduler", "random numbers", "data"]
resumed = {part: resume(without=part) for part in parts}
complete = resume()


def differences(run):
    """Return the distance of the losses from those of the whole run, step by step."""
    return [abs(a - b) for a, b in zip(run.losses, whole.losses[HALF:], strict=True)]


fig, axes = plt.subplots(1, 4, figsize=(8, 2.8), sharey=True, layout="constrained")
steps = range(HALF, 2 * HALF)
for ax, (part, other) in zip(axes, resumed.items(), strict=True):
    ax.fill_between(steps, differences(other), color="tab:orange", label="one part missing")
    ax.plot(steps, differences(complete), color="tab:blue", lw=3, label="all saved")
    ax.set(title=f"without\n{part}", xlabel="step")
axes[0].set_ylabel("loss, difference")
axes[0].set_ylim(-0.01, None)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
plt.show()

for part, other in resumed.items():
    print(f"without {part:15} loss off by up to {max(differences(other)):.3f}")

# %%
# What was seen
# -------------
#
# All saved, the losses and weights are equal to the bit, on one machine and one version of torch.
# The page of :py:meth:`torch.nn.Module.load_state_dict` says what the part of the model needs.

assert complete.losses == whole.losses[HALF:]
for name, weight in whole.model.state_dict().items():
    assert torch.equal(weight, complete.model.state_dict()[name])
for part, other in resumed.items():
    assert max(differences(other)) > 1e-4, part
assert complete.scheduler.get_last_lr() == whole.scheduler.get_last_lr() == [0.02 / 8]
assert resumed["scheduler"].scheduler.get_last_lr() == [0.02 / 4]
first_step = {part: differences(other)[0] for part, other in resumed.items()}
assert first_step["optimizer"] == first_step["scheduler"] == 0, "it shows one step later"
assert first_step["random numbers"] > 0 and first_step["data"] > 0
