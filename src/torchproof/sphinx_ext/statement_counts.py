"""How the statements of each page stand, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchproof.sphinx_ext.domain import proof_domain
from torchproof.statements.binding import Standing

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

_PART = "statements"


def note_counts(env: BuildEnvironment, numbers: dict[str, int]) -> None:
    """Store the numbers of the current page, by standing."""
    proof_domain(env).of_pages(_PART)[env.docname] = numbers


def counts_of_pages(env: BuildEnvironment) -> dict[str, dict[str, int]]:
    """Return the numbers of each checked page, by standing."""
    pages: dict[str, dict[str, int]] = proof_domain(env).of_pages(_PART)
    return pages


def count_statements(env: BuildEnvironment, standing: Standing) -> int:
    """Return how many statements of the site stand so."""
    return sum(numbers[standing.value] for numbers in counts_of_pages(env).values())
