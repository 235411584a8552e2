"""The parameters of a signature, from its text: names, types and defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torchproof.api.descriptions import split_parameters

UNKNOWN = "(...)"
"""Signature of what tells none, such as a builtin."""
_NAME = re.compile(r"(?P<name>\*{0,2}[^\W\d]\w*)\s*(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Parameter:
    """A parameter as it is written in a signature."""

    name: str
    """With its stars: `*args`, `**kwargs`."""
    type: str = ""
    default: str = ""
    """Empty if it has none."""

    @property
    def gathers(self) -> bool:
        """Return whether it stands for any number of arguments."""
        return self.name.startswith("*")


def parameters_of(signature: str) -> tuple[Parameter, ...] | None:
    """Return the parameters of a text such as `(a, *, b: int = 1) -> T`; None if it tells none."""
    if not signature or signature.startswith(UNKNOWN):
        return None
    texts, _ = split_parameters(signature)
    return tuple(p for text in texts if (p := read_parameter(text)) is not None)


def read_parameter(text: str) -> Parameter | None:
    """Read `name: type = default`; None for the marks `/` and `*`, and for what is no parameter."""
    found = _NAME.fullmatch(text.strip())
    if found is None:
        return None
    rest = found["rest"]
    if rest.startswith("="):
        return Parameter(found["name"], default=rest[1:].strip())
    if rest.startswith(":"):
        at = next(_equals_signs(rest), len(rest))
        return Parameter(found["name"], rest[1:at].strip(), rest[at + 1 :].strip())
    return None if rest else Parameter(found["name"])


def _equals_signs(text: str) -> Iterator[int]:
    """Yield the places of `=` outside of brackets and quotes."""
    depth, quote = 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(character, 0)
            if character == "=" and depth == 0:
                yield at
