"""Record autograd's graph of a tensor, from its `grad_fn` to its leaves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from torchproof.pictures.kinds import Edge, Graph, Node

if TYPE_CHECKING:
    import torch  # for types only; torch is imported when a graph is recorded


class NoGraph(ValueError):
    """The value has no autograd graph."""


def record_graph(root: torch.Tensor, *, names: Mapping[str, object], saved: bool = False) -> Graph:
    """Record the graph from `root` to its leaves, named after the variables in `names`.

    `saved` adds the tensors saved for backward, which calls saved-tensor unpack hooks again.
    Raises `NoGraph` if `root` is not a tensor or has no `grad_fn`.
    """
    name_of = _Names(names)
    title = next((name for name, value in names.items() if value is root), "output")
    keys: dict[Any, str] = {_grad_fn(root, title): "n1"}
    nodes = [Node("n0", "root", title, _shape(root))]
    edges = [("n0", "n1", root.output_nr)]
    waiting = deque(keys)
    while waiting:
        function = waiting.popleft()
        key = keys[function]
        nodes.append(_function_node(function, key, name_of, besides=title))
        for following, output in function.next_functions:
            if following is None:
                continue
            if following not in keys:
                keys[following] = f"n{len(keys) + 1}"
                waiting.append(following)
            edges.append((key, keys[following], output))
        if inputs := sum(following is None for following, _ in function.next_functions):
            nodes.append(Node(f"{key}.cut", "cut", "no grad", f"({inputs})" if inputs > 1 else ""))
            edges.append((key, f"{key}.cut", 0))
        for node in _saved_nodes(function, key, name_of) if saved else ():
            nodes.append(node)
            edges.append((key, node.key, 0))
    several = {target for _, target, output in edges if output}
    return Graph(
        title,
        tuple(nodes),
        tuple(Edge(a, b, output if b in several else None) for a, b, output in edges),
    )


class _Names:
    """Names of tensors; the first one wins, and parameters and buffers come before variables."""

    def __init__(self, names: Mapping[str, object]) -> None:
        from torch import Tensor, nn

        values = list(_values(names))
        members = (
            (f"{variable}.{member}", tensor)
            for variable, value in values
            if isinstance(value, nn.Module)
            for member, tensor in chain(value.named_parameters(), value.named_buffers())
        )
        variables = ((name, value) for name, value in values if isinstance(value, Tensor))
        self._by_identity: dict[int, str] = {}
        self.results: dict[Any, dict[int, str]] = {}
        """Names of each function's outputs, by output number."""
        for name, tensor in chain(members, variables):
            self._by_identity.setdefault(id(tensor), name)
            if tensor.grad_fn is not None:
                self.results.setdefault(tensor.grad_fn, {}).setdefault(tensor.output_nr, name)

    def __call__(self, tensor: torch.Tensor) -> str | None:
        # A saved result of the function itself is unpacked as a new object with the same grad_fn.
        result = self.results.get(tensor.grad_fn, {}).get(tensor.output_nr)
        return self._by_identity.get(id(tensor), result)


def _values(names: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the values of the variables, and the items of their lists, tuples and dicts."""
    for variable, value in names.items():
        if variable.startswith("_"):
            continue
        yield variable, value
        if isinstance(value, list | tuple):
            yield from ((f"{variable}[{index}]", item) for index, item in enumerate(value))
        elif isinstance(value, dict):
            found = ((key, item) for key, item in value.items() if isinstance(key, str | int))
            yield from ((f"{variable}[{key!r}]", item) for key, item in found)


def _grad_fn(root: torch.Tensor, title: str) -> Any:
    from torch import Tensor

    if not isinstance(root, Tensor):
        raise NoGraph(f"`{title}` records no graph: it is a {type(root).__name__}, not a tensor")
    if root.grad_fn is not None:
        return root.grad_fn
    reason = (
        "it is a leaf; name a tensor computed from it"
        if root.requires_grad
        else "no input of its computation requires grad, or it was detached or computed "
        "under torch.no_grad()"
    )
    raise NoGraph(f"`{title}` records no graph: it has no grad_fn; {reason}")


def _function_node(function: Any, key: str, name_of: _Names, *, besides: str) -> Node:
    if function.name() == "torch::autograd::AccumulateGrad":  # represents its leaf tensor
        leaf = function.variable
        return Node(key, "leaf", name_of(leaf) or "leaf", _shape(leaf))
    results = sorted(name_of.results.get(function, {}).items())
    return Node(
        key,
        "function",
        function.name().removeprefix("torch::autograd::"),
        ", ".join(name for _, name in results if name != besides),
    )


def _saved_nodes(function: Any, key: str, name_of: _Names) -> Iterator[Node]:
    """Yield a node for each tensor that the function saved, whether still available or lost."""
    from torch import Tensor

    for attribute in dir(function):
        if not (attribute.startswith("_saved_") or attribute == "saved_tensors"):
            continue
        try:
            value = getattr(function, attribute)
        except RuntimeError as error:
            fates = {"already been freed": "freed", "inplace operation": "modified in place"}
            fate = next((fate for words, fate in fates.items() if words in str(error)), None)
            if fate is None:  # a saved-tensor hook failed
                raise
            yield Node(f"{key}.{attribute}", "lost", attribute, fate)
            continue
        several = isinstance(value, tuple)
        for index, item in enumerate(value if several else (value,)):
            if isinstance(item, Tensor):
                part = f"{attribute}[{index}]" if several else attribute
                name = name_of(item)
                text = f"{part} = {name}" if name else part
                yield Node(f"{key}.{part}", "saved", text, _shape(item))


def _shape(tensor: torch.Tensor) -> str:
    return str(tuple(tensor.shape))
