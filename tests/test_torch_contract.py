"""What we take from torch beyond its documentation; it has to hold on each release of the range."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from contracts import Contract, check
from torch import Tensor, nn

from torchproof.api.inventory import _TENSOR_METHODS, _TENSOR_PRIVATE

TREE = ("pictures/module_tree.py",)
WATCHING = "replays/watching.py"
GRAPH = ("pictures/autograd_graph.py",)


def touched(
    part: str, files: tuple[str, ...], written: str = ""
) -> Callable[[Callable[[], object]], Contract]:
    """Make a contract with torch of a function."""
    return functools.partial(Contract, "torch", part, files, written or part.rpartition(".")[2])


class Net(nn.Module):
    """A module that has one of each: given, None, and not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.register_parameter("weight", nn.Parameter(torch.ones(2)))
        self.register_parameter("bias", None)
        self.register_buffer("mean", torch.ones(3))
        self.register_buffer("step", None)
        self.register_buffer("cache", torch.ones(4), persistent=False)
        self.register_module("head", None)


def product() -> tuple[Tensor, Tensor, Any]:
    left, right = (torch.ones(2, requires_grad=True) for _ in range(2))
    return left, right, (left * right).grad_fn


@touched("Module._parameters", TREE)
def parameters() -> bool:
    net = Net()
    return list(net._parameters.items()) == [("weight", net.weight), ("bias", None)]


@touched("Module._buffers", TREE)
def buffers() -> bool:
    net = Net()
    expected = {"mean": net.mean, "step": None, "cache": net.cache}
    found = net._buffers
    return list(found) == list(expected) and all(found[k] is v for k, v in expected.items())


@touched("Module._modules", TREE)
def modules() -> bool:
    net = Net()
    return list(net._modules.items()) == [("layer", net.layer), ("head", None)]


@touched("Module._non_persistent_buffers_set", TREE)
def unsaved() -> bool:
    return Net()._non_persistent_buffers_set == {"cache"}


@touched("shape of an UninitializedParameter", TREE, "except RuntimeError:")
def uninitialized() -> bool:
    with pytest.raises(RuntimeError):
        _ = nn.LazyLinear(1).weight.shape
    return True


@touched("Module._call_impl", ("api/code/types.py",))
def call_impl() -> bool:
    # What a module is called with goes there: one whose class has another is not understood.
    class Own(nn.Module):
        def _call_impl(self, *_: object, **__: object) -> str:
            return "own"

    return bool(Own()(1) == "own")


@touched("AccumulateGrad.variable", GRAPH, "function.variable")
def variable() -> bool:
    left, right, function = product()
    nodes = [node for node, _ in function.next_functions]
    names = {node.name() for node in nodes}
    leaves = [node.variable for node in nodes]
    return names == {"torch::autograd::AccumulateGrad"} and all(
        leaf is tensor for leaf, tensor in zip(leaves, (left, right), strict=True)
    )


@touched("identity of a grad_fn", GRAPH, "keys[following]")
def identity() -> bool:
    left, _, function = product()
    both: Any = left + left
    first, second = ({node for node, _ in both.grad_fn.next_functions} for _ in range(2))
    return len(first) == 1 and first == second and function.name() == "MulBackward0"


@touched("grad_fn._saved_self", (*GRAPH, "replays/walking.py"), "_saved_")
def saved() -> bool:
    left, right, function = product()
    names = [name for name in dir(function) if name.startswith("_saved_")]
    found = [function._saved_self, function._saved_other]
    index: Any = left[torch.tensor([0])].grad_fn
    several = index._saved_indices
    return (
        {"_saved_self", "_saved_other"} <= set(names)
        and all(a is b for a, b in zip(found, (left, right), strict=True))
        and isinstance(several, tuple)
        and isinstance(several[0], Tensor)
    )


class Double(torch.autograd.Function):
    """A function of ours, which saves its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return 2 * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * grad + 0 * x


# Its types are those of nothing in particular.
double: Any = Double.apply


@touched("grad_fn.saved_tensors of a Function", GRAPH, '"saved_tensors"')
def saved_tensors() -> bool:
    leaf = torch.ones(1, requires_grad=True)
    # In torch 2.7 they are freed with the result.
    result: Any = double(leaf)
    function = result.grad_fn
    return function.saved_tensors[0] is leaf and "saved_tensors" in dir(function)


@touched("message of a freed tensor", GRAPH, '"already been freed"')
def freed() -> bool:
    left, right, _ = product()
    theirs, ours = left * right, double(left)
    (theirs + ours).sum().backward()
    for node, name in ((theirs.grad_fn, "_saved_self"), (ours.grad_fn, "saved_tensors")):
        with pytest.raises(RuntimeError, match="already been freed"):
            getattr(node, name)
    return True


@touched("message of a tensor modified in place", GRAPH, '"inplace operation"')
def modified() -> bool:
    factor = torch.ones(2)
    function: Any = (torch.ones(2, requires_grad=True) * factor).grad_fn
    factor.add_(1)
    with pytest.raises(RuntimeError, match="inplace operation"):
        _ = function._saved_other
    return True


FIRST = """
import importlib, sys, contextlib
from torchproof.running.preloading import EXTRA, preloads
for module in ("torch", "torch._dynamo", *EXTRA):
    with contextlib.suppress(ImportError):
        importlib.import_module(module)
before = set(sys.modules)
import torch
layer = torch.nn.Linear(1, 1)
layer(torch.ones(1)).backward()
torch.optim.SGD(layer.parameters(), lr=1).step()
repr(layer.weight)
print(*sorted(name for name in set(sys.modules) - before if name.startswith("torch.")))
"""


@touched(
    "_subclasses.schema_check_mode, profiler._cupti_monitor and torch._dynamo",
    ("running/preloading.py",),
    '"torch._subclasses.schema_check_mode", "torch.profiler._cupti_monitor"',
)
def preloaded() -> bool:
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, timeout=300
    )
    late = done.stdout.split()
    assert not late, f"a first step and print import {', '.join(late)}, too"
    return True


@touched("private parts of Tensor", ("api/inventory.py",), _TENSOR_PRIVATE)
def private_tensor() -> bool:
    named = [name for name in f"{_TENSOR_PRIVATE} {_TENSOR_METHODS}".split() if name[0] == "_"]
    gone = [name for name in named if not hasattr(Tensor, name)]
    assert not gone, f"no {', '.join(gone)}"
    return "_is_view" in named


@touched("hooks of all modules", ("api/inventory.py",), '"register_module_"')
def global_hooks() -> bool:
    names = {name for name in vars(nn.modules.module) if name.startswith("register_module_")}
    return {
        "register_module_forward_hook",
        "register_module_forward_pre_hook",
        "register_module_full_backward_hook",
        "register_module_full_backward_pre_hook",
        "register_module_parameter_registration_hook",
    } <= names


@touched("__all__ of grad_mode", ("api/inventory.py",), "grad_mode.__all__")
def grad_modes() -> bool:
    return {"no_grad", "enable_grad", "inference_mode"} <= set(torch.autograd.grad_mode.__all__)


@touched("version.py", ("running/environment.py", "running/cpu_capability.py"), '"version.py"')
def version() -> bool:
    text = Path(torch.__file__).with_name("version.py").read_text(encoding="utf-8")
    return f"\n__version__ = '{torch.__version__}'" in f"\n{text}"


@touched("commit", ("api/links.py",), "torch.version.git_version")
def commit() -> bool:
    return len(torch.version.git_version) == 40


@touched("order of what a printed tensor ends with", ("running/checker.py",), "(?:size|nnz|dtype|")
def suffixes() -> bool:
    shown = repr(torch.ones(2, device="meta", dtype=torch.float64, requires_grad=True))
    return shown == (
        "tensor(..., device='meta', size=(2,), dtype=torch.float64, requires_grad=True)"
    )


DEVICE = ("accelerator/device.py",)
HOME = Path(torch.__file__).parent


@touched("_register_device_module", DEVICE, "torch._register_device_module")
def device_module() -> bool:
    return callable(torch._register_device_module)


@touched("_is_in_bad_fork of a device's module", DEVICE, "module._is_in_bad_fork")
def bad_fork() -> bool:
    return '"_is_in_bad_fork"' in (HOME / "random.py").read_text(encoding="utf-8")


@touched("_utils of a device's module", DEVICE, "module._utils")
def device_index() -> bool:
    text = (HOME / "serialization.py").read_text(encoding="utf-8")
    return "device_module._utils._get_device_index(location, True)" in text


@touched("_initialized of a device's module", DEVICE, "module._initialized")
def initialized() -> bool:
    text = (HOME / "utils" / "checkpoint.py").read_text(encoding="utf-8")
    return 'getattr(device_module, "_initialized", False)' in text


@touched("_lazy_init of a device's module", DEVICE, "module._lazy_init")
def lazy_init() -> bool:
    # It is called from C++.
    library = next((HOME / "lib").glob("libtorch_python.*"))
    return b"_lazy_init" in library.read_bytes()


@touched("torch._C._log_api_usage", ("mutants/changes.py",), "torch._C._log_api_usage")
def log_api_usage() -> bool:
    return any(name.startswith("_log_api_usage") for name in vars(torch._C))


@touched("torch._logging", ("mutants/changes.py",), "torch._logging")
def logging_module() -> bool:
    return hasattr(torch, "_logging")


@touched(
    "_engine_run_backward, below which the engine calls hooks", (WATCHING,), "_engine_run_backward"
)
def engine() -> bool:
    seen = []
    leaf = torch.ones(2, requires_grad=True)
    wanted = torch.autograd.graph._engine_run_backward.__code__

    def hook(_: Tensor) -> None:
        frame = inspect.currentframe()
        outer = frame.f_back if frame else None
        seen.append(outer is not None and outer.f_code is wanted)

    result: Any = (leaf * 2).sum()
    result.register_hook(hook)
    result.backward()
    torch.autograd.grad((leaf * 2).sum(), leaf)
    return seen == [True]


@touched("Node._sequence_nr", ("replays/recorder.py",))
def sequence_number() -> bool:
    _, _, first = product()
    _, _, second = product()
    numbers = [first._sequence_nr(), second._sequence_nr()]
    leaf = first.next_functions[0][0]._sequence_nr()
    return numbers == sorted(set(numbers)) and leaf >= 1 << 63


@touched("stack of a node in anomaly mode", ("replays/walking.py",), '"traceback_"')
def stack() -> bool:
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        _, _, node = product()
    return any(f'File "{__file__}", line ' in frame for frame in node.metadata["traceback_"])


CONTRACTS = tuple(value for value in list(vars().values()) if isinstance(value, Contract))


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_torch_is_as_our_code_takes_it(contract: Contract) -> None:
    check(contract)
