"""Record the tree of a module from the module itself, never from its repr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof.pictures.kinds import Part, PartKind, Tree

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def record_tree(module: Module, *, name: str) -> Tree:
    """Return the tree of a module; raises TypeError for anything else.

    A tied parameter or shared module refers to the path of its first occurrence.
    """
    from torch.nn import Module

    if not isinstance(module, Module):
        raise TypeError(f"`{name}` is no module: {type(module).__name__}")
    return Tree(_Walk().module(module, name=name, path=""))


class _Walk:
    def __init__(self) -> None:
        self._first: dict[int, str] = {}

    def module(self, module: Module, *, name: str, path: str) -> Part:
        kind = type(module).__name__
        same_as = self._same_as(module, path)
        if same_as is not None:
            return Part("module", name, kind, same_as=same_as)
        parts = [
            self._tensor(tensor, "parameter", key, path=_join(path, key))
            for key, tensor in module._parameters.items()
        ]
        unsaved = module._non_persistent_buffers_set
        parts += [
            self._tensor(tensor, "buffer", key, path=_join(path, key), saved=key not in unsaved)
            for key, tensor in module._buffers.items()
        ]
        for key, child in module._modules.items():
            if child is None:
                parts.append(Part("module", key))
            else:
                parts.append(self.module(child, name=key, path=_join(path, key)))
        return Part("module", name, kind, parts=tuple(parts))

    def _tensor(
        self, tensor: Tensor | None, kind: PartKind, key: str, *, path: str, saved: bool = True
    ) -> Part:
        if tensor is None:
            return Part(kind, key)
        return Part(
            kind,
            key,
            shape=_shape(tensor),
            dtype=str(tensor.dtype).removeprefix("torch."),
            frozen=kind == "parameter" and not tensor.requires_grad,
            saved=saved,
            same_as=self._same_as(tensor, path),
        )

    def _same_as(self, thing: object, path: str) -> str | None:
        first = self._first.setdefault(id(thing), path)
        return None if first == path else first


def _shape(tensor: Tensor) -> tuple[int, ...] | None:
    try:
        return tuple(tensor.shape)
    except RuntimeError:  # a lazy module that has seen no input
        return None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
