"""Format annotations as one would write them, the same on each Python.

Python 3.14 evaluates annotations lazily, and prints `Union[A, B]` as `A | B`.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

_ALTERNATIVES = re.compile(r"(?<![\w.])(Union|Optional)\[")


class _Written(str):
    """An annotation that signatures print without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def annotated_names(cls: type) -> frozenset[str]:
    """Return the names that a class itself annotates, even if an annotation is undefined."""
    if sys.version_info >= (3, 14):
        import annotationlib

        forward = annotationlib.Format.FORWARDREF
        return frozenset(annotationlib.get_annotations(cls, format=forward))
    return frozenset(inspect.get_annotations(cls))


def signature_of(value: Any) -> inspect.Signature:
    """Return the signature of a callable, with annotations as `written`.

    Raises ValueError for a function in C that has none. A signature without parameters counts as
    none, since before Python 3.13 such functions had none.
    """
    if sys.version_info >= (3, 14):
        import annotationlib

        forward = annotationlib.Format.FORWARDREF
        signature = inspect.signature(value, annotation_format=forward)
    else:
        signature = inspect.signature(value)
    if inspect.isbuiltin(value) or inspect.ismethoddescriptor(value):
        itself = inspect.Parameter.POSITIONAL_ONLY
        told = [p for p in signature.parameters.values() if (p.name, p.kind) != ("self", itself)]
        if not told:
            raise ValueError(f"no parameters are told of {value!r}")
    parameters = [
        p.replace(annotation=written(p.annotation)) for p in signature.parameters.values()
    ]
    returned = written(signature.return_annotation)
    return signature.replace(parameters=parameters, return_annotation=returned)


def written(annotation: Any) -> Any:
    """Return an annotation as one would write it after the usual imports."""
    if annotation is inspect.Signature.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"(?<![\w.])((typing|collections\.abc|contextlib)\.|~(?=\w))", "", text)
    text = re.sub(r"ForwardRef\('([^']*)'[^()]*\)", r"\1", text)
    text = re.sub(r"'([A-Z]\w*)'", r"\1", text)  # a forward reference, not a Literal
    text = text.replace("torch.nn.modules.module.Module", "torch.nn.Module")
    text = text.replace("torch.nn.parameter.Parameter", "torch.nn.Parameter")
    return _Written(_with_bars(text))


def _with_bars(text: str) -> str:
    """Write `Union[A, B]` as `A | B`, and `Optional[A]` as `A | None`."""
    while found := _ALTERNATIVES.search(text):
        parts, rest = _arguments(text[found.end() :])
        if found[1] == "Optional":
            parts.append("None")
        alternatives = " | ".join("None" if part == "NoneType" else part for part in parts)
        text = f"{text[: found.start()]}{alternatives}{rest}"
    return text


def _arguments(text: str) -> tuple[list[str], str]:
    """Split a text at its commas up to the bracket that ends it; return also what follows."""
    parts, begin, depth = [], 0, 0
    for at, character in enumerate(text):
        if depth == 0 and character in ",]":
            parts.append(text[begin:at].strip())
            begin = at + 1
            if character == "]":
                break
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(character, 0)
    return parts, text[begin:]
