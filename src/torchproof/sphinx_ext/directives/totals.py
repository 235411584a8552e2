"""The `{counts}` directive and the `{count}` role: how much of the site is proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from torchproof.devices import DEVICES
from torchproof.records.environment_names import release_ranges
from torchproof.records.totals import Counts, count
from torchproof.running.environment import Environment
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.proving import proof_of
from torchproof.sphinx_ext.statement_counts import count_statements
from torchproof.sphinx_ext.translation import counted
from torchproof.statements.binding import Standing

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_LISTED = ("names", "examples", "outputs", "environments")
"""Counts in the list."""
_STANDINGS = tuple(standing.value for standing in Standing)
_COUNTED = (*_LISTED, "scripts", *_STANDINGS)


class CountsDirective(SphinxDirective):
    """Show the counts as a list, and the environments that they are from."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the list."""
        return [place(draw_counts, content=draw_counts(self.env, self.env.docname, ""))]


class CountRole(SphinxRole):
    """One of the counts in running text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a placeholder for the number."""
        if self.text not in _COUNTED:
            message = f"nothing counts {self.text!r}; known are {', '.join(_COUNTED)}"
            error = self.inliner.reporter.error(message, line=self.lineno)
            return [], [error]
        content = draw_count(self.env, self.env.docname, self.text)
        return [place(draw_count, self.text, content=content)], []


def draw_counts(env: BuildEnvironment, _: str, __: str) -> list[nodes.Node]:
    """Return the list and the environments."""
    counts = count(proof_of(env))
    numbers = nodes.definition_list(classes=["counts"])
    for key in _LISTED:
        item = nodes.definition_list_item()
        item += nodes.term("", _noun(key, _number(counts, key)))
        item += nodes.definition("", nodes.paragraph("", f"{_number(counts, key):,}"))
        numbers += item
    places = nodes.paragraph(classes=["counts-places"])
    for number, (where, versions) in enumerate(_places(counts.environments)):
        places += nodes.Text(" · " if number else "")
        places += nodes.strong("", where)
        places += nodes.Text(f" {versions}")
    return [numbers, *([places] if places.children else [])]


def draw_count(env: BuildEnvironment, _: str, key: str) -> list[nodes.Node]:
    """Return one number."""
    if key in _STANDINGS:
        return [nodes.Text(f"{count_statements(env, Standing(key)):,}")]
    return [nodes.Text(f"{_number(count(proof_of(env)), key):,}")]


def _noun(key: str, number: int) -> str:
    """Return the noun for a count."""
    nouns = {
        "names": counted("name", "names", number),
        "examples": counted("example", "examples", number),
        "outputs": counted("output compared", "outputs compared", number),
        "environments": counted("environment", "environments", number),
    }
    return nouns[key]


def _number(counts: Counts, key: str) -> int:
    value = asdict(counts)[key]
    return len(value) if isinstance(value, tuple) else int(value)


def _places(environments: tuple[Environment, ...]) -> Iterator[tuple[str, str]]:
    """Yield each device with the releases of torch and Python used on it."""
    for device, label in ((device.name, device.label) for device in DEVICES.values()):
        own = [e for e in environments if e.device == device]
        for name in sorted({e.device_name for e in own}):
            here = [e for e in own if e.device_name == name]
            versions = f"torch {release_ranges(e.torch for e in here)}, {_pythons(here)}"
            yield f"{label} ({name})" if name else label, versions


def _pythons(environments: Sequence[Environment]) -> str:
    return f"Python {release_ranges(e.python for e in environments)}"


def setup(app: Sphinx) -> None:
    """Register the directive and the role."""
    app.add_directive("counts", CountsDirective)
    app.add_role("count", CountRole())
