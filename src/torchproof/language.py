"""How a message comes into the language of a site; below the sites, all messages are English."""

from __future__ import annotations

from typing import Protocol


class Translate(Protocol):
    """Put a message into a language, then its values into each `%s` of it."""

    def __call__(self, message: str, *values: str) -> str:
        """Return the message."""
        ...


def untranslated(message: str, *values: str) -> str:
    """Return a message in English."""
    return message % values if values else message
