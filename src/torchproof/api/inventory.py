"""Find the public names that must be documented, by introspecting the installed packages.

`python -m torchproof.api.inventory NAME...` prints them as JSON, with their descriptions and those
of the given names. The Sphinx process runs it as a command, since it must not import torch.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torchproof.api.aliases import aliases
from torchproof.api.every_class import GIVEN, written_in
from torchproof.api.introspection import Description, Kind, UnknownName, describe, kind_of

__all__ = ["Description", "Name", "UnknownName", "describe", "main", "public_names"]

_OTHER_SUBJECTS = {  # modules of torch.autograd that this site does not document
    "profiler": "measuring, not differentiation",
    "profiler_legacy": "measuring, not differentiation",
    "profiler_util": "measuring, not differentiation",
    "variable": "torch.autograd.Variable is all of it that is exported",
}
_NOT_FOR_CONTEXTS = {  # attributes that torch.autograd.Function has as the class of graph nodes
    "boxed_grads_call": "a switch of the compiler",
    "requires_grad": "always true of a node that exists",
    "saved_for_forward": "what save_for_forward keeps until jvp; jvp reads saved_tensors",
}
# Autograd's part of torch.Tensor: no rule separates it from the other 600 members.
_TENSOR_STATE = "requires_grad is_leaf grad grad_fn grad_dtype retains_grad data output_nr name"
_TENSOR_METHODS = """
    requires_grad_ backward detach detach_ retain_grad register_hook
    register_post_accumulate_grad_hook is_inference _is_view
"""
_TENSOR_PRIVATE = "_version _backward_hooks _post_accumulate_grad_hooks _base _grad _grad_fn"


@dataclass(frozen=True)
class Name:
    """A public name, and its area of the site."""

    qualified: str
    kind: Kind
    area: str


def public_names() -> dict[str, list[Name]]:
    """Return the names by area: `nn-module`, `autograd`, and `visdom` where it is installed."""
    found = {
        "nn-module": [*_module(), *_global_hooks()],
        "autograd": [*_modes(), *_autograd(), *_function(), *_node(), *_tensor()],
    }
    if importlib.util.find_spec("visdom"):
        found["visdom"] = [*_visdom()]
    return {
        area: [Name(name, kind_of(name), area) for name in dict.fromkeys(names)]
        for area, names in found.items()
    }


def _module() -> Iterator[str]:
    from torch.nn import Module

    yield "torch.nn.Module"
    for name, value in {**vars(Module()), **dict(written_in(Module))}.items():
        # Of dunder names only methods; the others describe the class itself.
        if not name.startswith("__") or inspect.isfunction(value):
            yield f"torch.nn.Module.{name}"


def _global_hooks() -> Iterator[str]:
    module = importlib.import_module("torch.nn.modules.module")
    for name in vars(module):
        if name.startswith("register_module_"):
            yield f"torch.nn.modules.module.{name}"


def _modes() -> Iterator[str]:
    """Yield the gradient modes that torch exports, and the functions that query them."""
    import torch

    for name in torch.autograd.grad_mode.__all__:
        if hasattr(torch, name):
            yield f"torch.{name}"
    yield from (f"torch.{name}" for name in dir(torch) if re.match(r"is_(grad|inference)", name))


def _autograd() -> Iterator[str]:
    """Yield the exports of torch.autograd and its modules, each object under its first name."""
    import torch

    seen = {id(getattr(torch, name, None)) for name in torch.autograd.grad_mode.__all__}
    names = [module.name for module in pkgutil.iter_modules(torch.autograd.__path__)]
    modules = [f"torch.autograd.{n}" for n in names if n[0] != "_" and n not in _OTHER_SUBJECTS]
    for place in ("torch.autograd", *modules):
        module = importlib.import_module(place)
        for name in module.__all__:
            value = getattr(module, name)
            if id(value) not in seen and not inspect.ismodule(value):
                seen.add(id(value))
                yield f"{place}.{name}"


def _function() -> Iterator[str]:
    from torch.autograd import Function
    from torch.autograd.graph import Node

    for name in _public(dir(Function)):
        if not hasattr(Node, name) and name not in _NOT_FOR_CONTEXTS:
            yield f"torch.autograd.Function.{name}"


def _node() -> Iterator[str]:
    from torch.autograd.graph import Node

    yield from (f"torch.autograd.graph.Node.{n}" for n in dir(Node) if n not in GIVEN)


def _tensor() -> Iterator[str]:
    from torch import Tensor

    for name in f"{_TENSOR_STATE} {_TENSOR_METHODS} {_TENSOR_PRIVATE}".split():
        if hasattr(Tensor, name):
            yield f"torch.Tensor.{name}"


def _visdom() -> Iterator[str]:
    from visdom import Visdom

    yield "visdom.Visdom"
    yield from (f"visdom.Visdom.{name}" for name in _public(dir(Visdom)))


def _public(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("_"))


def main(arguments: Sequence[str]) -> int:
    """Print the inventory as JSON, with its descriptions and those of `arguments`."""
    public = [name for area in public_names().values() for name in area]
    described, errors = {}, {}
    for name in dict.fromkeys([*arguments, *(name.qualified for name in public)]):
        try:
            described[name] = dataclasses.asdict(describe(name))
        except UnknownName as error:
            errors[name] = str(error)
    names = [dataclasses.asdict(name) for name in public]
    same = aliases([*dict.fromkeys([*arguments, *(name.qualified for name in public)])])
    data = {"names": names, "described": described, "errors": errors, "aliases": same}
    print(json.dumps(data, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
