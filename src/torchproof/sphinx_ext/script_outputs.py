"""Warn of memory addresses in scripts' outputs, which differ from build to build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from torchproof.sphinx_ext.proving import root_of, subjects_of
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
# The lines that sphinx-gallery writes before each block, and before its output.
_BLOCK = re.compile(r"\.\. GENERATED FROM PYTHON SOURCE LINES (\d+)-\d+")
_OUTPUT = ".. rst-class:: sphx-glr-script-out"


def addresses(rst: str) -> Iterator[tuple[int, str]]:
    """Yield each address in the outputs on a script's page, with the line of its block."""
    line, output = 1, False
    for text in rst.splitlines():
        if block := _BLOCK.match(text):
            line, output = int(block[1]), False
        elif text == _OUTPUT:
            output = True
        elif output:
            yield from ((line, address) for address in _ADDRESS.findall(text))


def _check(app: Sphinx, docname: str, source: list[str]) -> None:
    for script in subjects_of(app.env, docname):
        if script.kind == "script":
            for line, address in addresses(source[0]):
                warn(
                    Kind.OUTPUT,
                    f"the output of this block has the address {address}, another one in each "
                    "build: give its last value a name, or print what matters of it",
                    location=f"{root_of(app.env) / script.file}:{line}",
                )


def setup(app: Sphinx) -> None:
    """Check the pages of scripts when they are read."""
    app.connect("source-read", _check)
