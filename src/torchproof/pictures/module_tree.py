"""A module and what it owns, as a nested list: read from the real module, never from its repr."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from torchproof.deferred_text import Say, plain

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def tree_html(module: Module, *, name: str, say: Say = plain) -> str:
    """Return the tree of a module as an HTML list; raises TypeError for anything else.

    What stands at a second place, a tied parameter or a shared module, names its first one.
    """
    from torch.nn import Module

    if not isinstance(module, Module):
        raise TypeError(f"`{name}` is no module: {type(module).__name__}")
    label = escape(say("The module tree of %s", name), quote=True)
    items = _Walk(say).item(module, name=name, path="")
    return f'<ul class="module-tree" aria-label="{label}">{items}</ul>\n'


class _Walk:
    def __init__(self, say: Say) -> None:
        self._say = say
        self._first: dict[int, str] = {}

    def item(self, module: Module, *, name: str, path: str) -> str:
        head = f"<code>{escape(name)}</code> <b>{escape(type(module).__name__)}</b>"
        if again := self._again(module, path):
            return f'<li class="module">{head}{again}</li>'
        inner = [
            self._tensor(tensor, key=key, path=_join(path, key), kind=kind, note=note)
            for kind, tensors, notes in (
                ("parameter", module._parameters, dict.fromkeys(module._parameters, "")),
                ("buffer", module._buffers, _notes(module, self._say)),
            )
            for key, tensor in tensors.items()
            for note in [notes[key]]
        ]
        for key, child in module._modules.items():
            if child is None:
                inner.append(_entry(self._say("module"), "module", key, "None"))
            else:
                inner.append(self.item(child, name=key, path=_join(path, key)))
        below = f"<ul>{''.join(inner)}</ul>" if inner else ""
        return f'<li class="module">{head}{below}</li>'

    def _tensor(self, tensor: Tensor | None, *, key: str, path: str, kind: str, note: str) -> str:
        if tensor is None:
            return _entry(self._kind(kind), kind, key, "None")
        again = self._again(tensor, path)
        frozen = self._say(", frozen") if kind == "parameter" and not tensor.requires_grad else ""
        return _entry(
            self._kind(kind), kind, key, f"{_shape(tensor, self._say)}{frozen}{note}", again
        )

    def _again(self, thing: object, path: str) -> str:
        first = self._first.setdefault(id(thing), path)
        if first == path:
            return ""
        place = escape(first) or self._say("the root")
        words = self._say("is %s", place)
        return f' <em class="same">{words}</em>'

    def _kind(self, kind: str) -> str:
        return self._say("parameter") if kind == "parameter" else self._say("buffer")


def _notes(module: Module, say: Say) -> dict[str, str]:
    unsaved = module._non_persistent_buffers_set
    return {key: say(", not saved") if key in unsaved else "" for key in module._buffers}


def _shape(tensor: Tensor, say: Say) -> str:
    try:
        shape = " × ".join(map(str, tensor.shape)) or say("scalar")
    except RuntimeError:
        return say("not initialized")
    dtype = str(tensor.dtype).removeprefix("torch.")
    return shape if dtype == "float32" else f"{shape} {dtype}"


def _entry(word: str, kind: str, key: str, detail: str, again: str = "") -> str:
    return (
        f'<li class="{kind}"><code>{escape(key)}</code> '
        f'<span class="detail">{word} {escape(detail)}</span>{again}</li>'
    )


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
