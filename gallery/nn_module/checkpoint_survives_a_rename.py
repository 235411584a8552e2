"""
Two hooks let old and new checkpoints load after a rename
=========================================================

A layer gets a better name, and the checkpoints on disk still have the old one. Must they be rewritten? No: a load
pre-hook renames the entries on their way in, and a post-hook of ``state_dict`` can keep the old name on their way out.
Both belong to the parent of the renamed layer, since the parent checks the names of its children.
"""

# %%
# The rename
# ----------
#
# ``fc`` becomes ``head``. Strict loading refuses the old checkpoint; ``strict=False`` takes it without a warning and
# leaves the layer untrained.

import warnings

import torch
from torch import nn


class OldNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 3)
        self.fc = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))


class PlainNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 3)
        self.head = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))


old = OldNet().state_dict()
try:
    PlainNet().load_state_dict(old)
except RuntimeError as error:
    refusal = str(error)
print(refusal)
untrained = PlainNet()
before = untrained.head[0].weight.detach().clone()
with warnings.catch_warnings():
    warnings.simplefilter("error")
    untrained.load_state_dict(old, strict=False)
print("head changed:", not torch.equal(untrained.head[0].weight, before))

# %%
# The hook that loads the old name
# --------------------------------
#
# :py:meth:`torch.nn.Module.register_load_state_dict_pre_hook` gives the hook a dictionary that it may change. The
# prefix matters: without it the hook works only while the net is the root.


def rename(state_dict, old, new):
    """Rename the entries under one prefix, in place and in order."""
    for name in list(state_dict):
        tensor = state_dict.pop(name)
        state_dict[new + name[len(old) :] if name.startswith(old) else name] = tensor


def read_old_name(module, state_dict, prefix, *rest):
    rename(state_dict, prefix + "fc.", prefix + "head.")


class Net(PlainNet):
    def __init__(self):
        super().__init__()
        self.register_load_state_dict_pre_hook(read_old_name)


net = Net()
print(net.load_state_dict(old))
inside = nn.Sequential(Net())
print(inside.load_state_dict(nn.Sequential(OldNet()).state_dict()))
print(Net().load_state_dict(net.state_dict()))

# %%
# The hook that saves the old name
# --------------------------------
#
# Programs that still have the old class can read the new checkpoints if they keep the old name.
# :py:meth:`torch.nn.Module.register_state_dict_post_hook` changes the dictionary in place.


def write_old_name(module, state_dict, prefix, local_metadata):
    rename(state_dict, prefix + "head.", prefix + "fc.")


class CompatibleNet(Net):
    def __init__(self):
        super().__init__()
        self.register_state_dict_post_hook(write_old_name)


written = nn.Sequential(CompatibleNet()).state_dict()
print(*written, sep="\n")
print(nn.Sequential(OldNet()).load_state_dict(written))
print(nn.Sequential(CompatibleNet()).load_state_dict(written))

# %%
# The same hook on the layer comes too late
# -----------------------------------------
#
# A hook on ``head`` gets what is stored under ``head.``, and the old checkpoint has no such entry. Of the seven entries
# of the layer ``num_batches_tracked`` is not called missing: the version of the BatchNorm is stored under ``fc.1``, and
# without a version it forgives the lack.

late = PlainNet()
seen = []
late.head.register_load_state_dict_pre_hook(lambda module, state_dict, *rest: seen.extend(state_dict))
answer = late.load_state_dict(old, strict=False)
print("seen by the hook:", seen)
print("missing:", *answer.missing_keys)
print("unexpected:", *answer.unexpected_keys)

# %%
# What was seen
# -------------
#
# The hook sees a copy: the caller's dictionary keeps its names. The entry of
# :py:meth:`torch.nn.Module.register_load_state_dict_pre_hook` lists what a hook may do; a change of meaning, not of
# name, is a matter for :py:attr:`torch.nn.Module._version`.

assert 'Missing key(s) in state_dict: "head.0.weight"' in refusal
assert torch.equal(untrained.head[0].weight, before)
assert "head.1.num_batches_tracked" not in answer.missing_keys
assert torch.equal(net.head[0].weight, old["fc.0.weight"])
assert torch.equal(net.head[1].running_var, old["fc.1.running_var"])
assert list(old) == list(OldNet().state_dict())
assert list(written) == list(nn.Sequential(OldNet()).state_dict())
assert seen == [] and len(answer.missing_keys) == 6 and len(answer.unexpected_keys) == 7

# sphinx_gallery_thumbnail_path = '_static/script.png'
