"""The translation interface; only the Sphinx extension translates, the core is in English."""

from __future__ import annotations

from typing import Protocol


class Translate(Protocol):
    """Translate a message, then substitute the values for each `%s` in it."""

    def __call__(self, message: str, *values: str) -> str:
        """Return the translated message."""
        ...


def untranslated(message: str, *values: str) -> str:
    """Return a message in English."""
    return message % values if values else message
