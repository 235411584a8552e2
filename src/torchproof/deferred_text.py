"""Words of a drawing that are said later: a worker draws once, and sites differ in language.

A drawing holds the English message and its values between characters of Unicode's private use; a
page says them in its own language. What is drawn without `later` says plain English at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

_BEGIN, _NEXT, _END = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")


class Say(Protocol):
    """How a drawing says a message, with values for each `%s` in it."""

    def __call__(self, message: str, *values: str) -> str:
        """Return the message."""
        ...


def plain(message: str, *values: str) -> str:
    """Say a message in English."""
    return message % values if values else message


def later(message: str, *values: str) -> str:
    """Mark a message for `said`; the values may hold marked messages themselves."""
    return f"{_BEGIN}{_NEXT.join((message, *values))}{_END}"


def said(drawing: str, translate: Callable[[str], str]) -> str:
    """Return a drawing with its marked messages in the language of `translate`."""

    def say(found: re.Match[str]) -> str:
        message, *values = found[1].split(_NEXT)
        return plain(translate(message), *values)

    # The innermost first.
    while (after := _MARKED.sub(say, drawing)) != drawing:
        drawing = after
    return drawing
