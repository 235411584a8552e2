"""The warning types of the extension."""

from __future__ import annotations

from enum import Enum
from typing import Any

from sphinx.util import logging

logger = logging.getLogger("torchproof")


class Kind(Enum):
    """Subtype of a warning, as in `[torchproof.example]`."""

    EXAMPLE = "example"
    """An example failed or cannot be checked."""
    ENTRY = "entry"
    """An entry names an object that does not exist, or is misplaced."""
    PICTURE = "picture"
    """A picture is missing or out of date, and cannot be drawn here."""
    OUTPUT = "output"
    """The output of a script differs from build to build."""
    GATE = "gate"
    """The inventory and the documented names disagree."""
    ORDER = "order"
    """The reading order and the scripts disagree."""
    QUESTION = "question"
    """A question or synonym of the search is wrong, or its section does not exist."""
    STATEMENT = "statement"
    """No block proves a statement, or it says more than its block shows."""
    FAULT = "fault"
    """The results of planted faults, or the list of equivalent ones, is wrong."""


def warn(kind: Kind, message: str, *, location: Any = None) -> None:
    """Log a warning; under -W it fails the build."""
    logger.warning(message, type="torchproof", subtype=kind.value, location=location)
