"""
A version number tells a module how to read its older checkpoints
=================================================================

Names and shapes of a checkpoint can fit while its numbers mean something else. What tells the two apart? Each module
writes its :py:attr:`torch.nn.Module._version` beside its entries, and gets it back when it loads.
"""

# %%
# A change that no name shows
# ---------------------------
#
# Version 1 of this module stores a standard deviation, version 2 the variance. Both call it ``spread``.

import copy
import io
import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn


class ScaleV1(nn.Module):
    def __init__(self, std=1.0):
        super().__init__()
        self.register_buffer("spread", torch.tensor([std]))

    def forward(self, x):
        return x / self.spread


class Careless(nn.Module):
    def __init__(self, std=1.0):
        super().__init__()
        self.register_buffer("spread", torch.tensor([std**2]))

    def forward(self, x):
        return x / self.spread.sqrt()


# %%
# Reading the version
# -------------------
#
# The class raises ``_version`` and overrides :py:meth:`torch.nn.Module._load_from_state_dict`. It may change the
# dictionary, which is a copy; a version from the future is an error, added to the list that raises at the end.


class Scale(Careless):
    _version = 2

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        version = local_metadata.get("version", 1)
        name = prefix + "spread"
        if version == 1 and name in state_dict:
            state_dict[name] = state_dict[name] ** 2
        elif version > self._version:
            errors.append(f'"{prefix[:-1]}" has version {version}; this code reads up to {self._version}')
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)


# %%
# Through a file
# --------------
#
# The version is kept in the attribute ``_metadata``, which a file preserves. A ``dict`` of the checkpoint loses it, and
# here that means version 1.


def through_file(state):
    """Return what torch.load reads of what torch.save wrote."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file)


def answer(model, state):
    """Return the output for 8 after loading: right is 2, since the standard deviation is 4."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_state_dict(state)
    return model(torch.tensor([8.0])).item()


v1 = through_file(nn.Sequential(ScaleV1(4.0)).state_dict())
v2 = through_file(nn.Sequential(Scale(4.0)).state_dict())
print(dict(v1._metadata))
print(dict(v2._metadata))
results = {
    "version 1,\nno check": answer(nn.Sequential(Careless()), v1),
    "version 1": answer(nn.Sequential(Scale()), v1),
    "version 2": answer(nn.Sequential(Scale()), v2),
    "version 2\nas a dict": answer(nn.Sequential(Scale()), dict(v2)),
}

# %%
# Four loads without a warning
# ----------------------------
#
# Blue is right. Orange is wrong: without a check, or with the version lost on the way.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
colors = ["tab:blue" if value == 2 else "tab:orange" for value in results.values()]
bars = ax.bar(list(results), list(results.values()), color=colors, width=0.6)
ax.bar_label(bars, fmt="%g", padding=3)
ax.axhline(2, color="0.35", lw=1.5, ls="--")
ax.set(ylabel="output for 8", title="The same number, saved and loaded", ylim=(0, 4.6))
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# A version from the future
# -------------------------
#
# ``strict=False`` does not hide what stands in the list of errors.

v2._metadata["0"]["version"] = 3
try:
    nn.Sequential(Scale()).load_state_dict(v2, strict=False)
except RuntimeError as error:
    message = str(error)
print(message)

# %%
# What was seen
# -------------
#
# Keep the metadata: save what ``state_dict`` returned, and copy it with ``copy.deepcopy``. The entry of
# :py:meth:`torch.nn.Module.state_dict` says which copies lose it.

assert list(results.values()) == [4.0, 2.0, 2.0, 0.5]
assert copy.deepcopy(v1)._metadata == v1._metadata and not hasattr(dict(v2), "_metadata")
assert v1._metadata["0"] == {"version": 1} and v1["0.spread"].item() == 4.0
assert message.endswith('"0" has version 3; this code reads up to 2')
