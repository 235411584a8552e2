"""
Dropout and BatchNorm are not the only modules that eval changes
================================================================

Which modules of ``torch.nn`` care whether :py:meth:`torch.nn.Module.train` or :py:meth:`torch.nn.Module.eval` was
called? Dropout and normalisation with running statistics, but also ``RReLU``, recurrent layers and attention, whose
code reads :py:attr:`torch.nn.Module.training`. The decoder reads nothing and changes through its submodules.
"""

# %%
# Who reads the flag
# ------------------
#
# The compiled code of a function lists the attributes that it names. So the readers among all module classes can be
# found without running any of them.

import inspect
import warnings

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

everything = [cls for cls in vars(nn).values() if inspect.isclass(cls) and issubclass(cls, nn.Module)]


def reads_training(cls):
    """Return whether a function of the class, or of a base below nn.Module, names the attribute."""
    bases = [base for base in cls.__mro__ if base is not nn.Module]
    functions = [value for base in bases for value in vars(base).values() if inspect.isfunction(value)]
    return any("training" in function.__code__.co_names for function in functions)


readers = {cls.__name__ for cls in everything if reads_training(cls)}
print(f"{len(readers)} of {len(everything)} classes:", *sorted(readers), sep="\n  ")

# %%
# What changes
# ------------
#
# One module of each of these kinds runs in both modes, twice in each. Nothing is recorded for a backward pass, and no default
# device is set: either would close the fast path.


class Operators(TorchDispatchMode):
    """Note the operators that run."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.__name__)
        return func(*args, **(kwargs or {}))


def look(module, inputs):
    """Return what depends on the mode: randomness, the output, the buffers, the operator."""
    outputs, moves, operators = {}, {}, {}
    for training in (False, True):
        module.train(training)
        buffers = [buffer.clone() for buffer in module.buffers()]
        with torch.no_grad(), Operators() as seen:
            results = [module(*inputs) for _ in range(2)]
        outputs[training] = [r[0] if isinstance(r, tuple) else r for r in results]
        moves[training] = any(not torch.equal(a, b) for a, b in zip(buffers, module.buffers(), strict=True))
        operators[training] = any("native_multi_head" in name or "layer_fwd" in name for name in seen.names)
    random = {training: not torch.equal(*pair) for training, pair in outputs.items()}
    assert not random[False] and not moves[False] and not operators[True]
    other = not torch.allclose(outputs[True][0], outputs[False][0], atol=1e-4)
    return [random[True], moves[True], other, operators[False]]


x = torch.linspace(-1, 2, 4 * 6 * 8).view(4, 6, 8).sin()
families = {
    "Dropout": (nn.Dropout(), x),
    "AlphaDropout": (nn.AlphaDropout(), x),
    "BatchNorm": (nn.BatchNorm1d(6), x),
    "BatchNorm, not tracked": (nn.BatchNorm1d(6, track_running_stats=False), x),
    "InstanceNorm, tracked": (nn.InstanceNorm1d(6, track_running_stats=True), x),
    "InstanceNorm": (nn.InstanceNorm1d(6), x),
    "RReLU": (nn.RReLU(), x),
    "LSTM, dropout": (nn.LSTM(8, 8, num_layers=2, dropout=0.5), x),
    "MultiheadAttention": (nn.MultiheadAttention(8, 2, batch_first=True), x, x, x),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), x),
    "TransformerDecoderLayer": (nn.TransformerDecoderLayer(8, 2, 8, batch_first=True), x, x),
    "LayerNorm": (nn.LayerNorm(8), x),
    "Linear": (nn.Linear(8, 8), x),
}
torch.set_default_device(None)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    seen = {name: look(module, inputs) for name, (module, *inputs) in families.items()}

# %%
# The table
# ---------
#
# Blue: it depends on the mode.

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.pcolormesh(list(seen.values()), cmap=ListedColormap(["0.92", "tab:blue"]), vmin=0, vmax=1, edgecolors="w", lw=2)
columns = ["random\nin training", "buffers move\nin training", "other\noutput", "fast path\nin eval"]
ax.set_xticks([column + 0.5 for column in range(4)], columns)
ax.set_yticks([row + 0.5 for row in range(len(seen))], list(seen))
ax.invert_yaxis()
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
plt.show()

# %%
# What was seen
# -------------
#
# Three classes change without reading the flag. The page of :py:meth:`torch.nn.Module.train` runs the public classes of
# ``torch.nn`` and says what changes.

expected = {f"Dropout{n}" for n in ["", "1d", "2d", "3d"]} | {"AlphaDropout", "FeatureAlphaDropout", "RReLU"}
for kind in ["BatchNorm", "InstanceNorm", "LazyBatchNorm", "LazyInstanceNorm"]:
    expected |= {f"{kind}{n}d" for n in (1, 2, 3)}
expected |= {"SyncBatchNorm", "RNN", "LSTM", "GRU", "MultiheadAttention"}
assert readers == expected | {"TransformerEncoder", "TransformerEncoderLayer"}
assert not readers & {"Transformer", "TransformerDecoder", "TransformerDecoderLayer"}
assert not readers & {"Linear", "LayerNorm", "GroupNorm", "ReLU", "Embedding", "Softmax"}
for name in ["Dropout", "AlphaDropout", "RReLU", "LSTM, dropout"]:
    assert seen[name] == [True, False, True, False]
for name in ["TransformerEncoderLayer", "TransformerDecoderLayer"]:
    assert seen[name] == [True, False, True, True]
assert seen["BatchNorm"] == [False, True, True, False] == seen["InstanceNorm, tracked"]
assert seen["MultiheadAttention"] == [False, False, False, True]
same = [name for name, row in seen.items() if not any(row)]
assert same == ["BatchNorm, not tracked", "InstanceNorm", "LayerNorm", "Linear"]
