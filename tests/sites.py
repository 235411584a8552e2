"""Small sites for the tests: files in, a real Sphinx build out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONF = """
extensions = ["myst_parser", "torchproof.sphinx_ext"]
nitpicky = True
exclude_patterns = ["_build", "panes", "verified"]
torchproof_construction = ["nn-module", "autograd", "visdom"]
html_theme = "basic"
myst_enable_extensions = ["colon_fence"]
"""
# A call that a coming Sphinx, docutils or Python takes away fails a test before it fails a reader.
DEPRECATED = (
    *("-W", "error::DeprecationWarning", "-W", "error::PendingDeprecationWarning"),
    # sphinx-notfound-page 1.1.0 makes this call itself.
    *("-W", "ignore:'tags' will become a required:PendingDeprecationWarning:notfound.extension"),
    # MyST-Parser asks its own transform for the application.
    *("-W", "ignore:'myst_parser.sphinx_ext.myst_refs.:PendingDeprecationWarning"),
    # visdom 0.2.4 calls a deprecated method too, when its client finds no server.
    *("-W", "ignore:The 'warn' method is deprecated:DeprecationWarning:visdom"),
)
SETUP = """\
```{doctest}
>>> import torch
>>> from torch import nn
```
"""


@dataclass(frozen=True)
class Build:
    """What a build left."""

    status: int
    output: str
    html: Path

    def page(self, name: str) -> str:
        """Return the HTML of a page."""
        return (self.html / f"{name}.html").read_text(encoding="utf-8")


class Site:
    """A repository in a folder, with docs and gallery."""

    def __init__(self, root: Path, *, conf: str = CONF) -> None:
        self.root = root
        self.write({"docs/conf.py": conf})

    def write(self, files: Mapping[str, str]) -> None:
        """Write files by their paths; an index is added if there is none."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        index = self.root / "docs" / "index.md"
        if not index.exists():
            index.write_text("# Index\n\n```{toctree}\n:glob:\n\npages/*\n```\n", encoding="utf-8")

    def build(
        self,
        builder: str = "html",
        *,
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> Build:
        """Build with warnings as errors."""
        out = self.root / "docs" / "_build" / builder
        done = subprocess.run(
            [*self.command(builder), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(env or {})},
        )
        return Build(done.returncode, done.stdout + done.stderr, out)

    def command(self, builder: str = "html") -> list[str]:
        """Return the command of a build."""
        docs = self.root / "docs"
        return [
            *(sys.executable, *DEPRECATED, "-m", "sphinx", "-W", "--keep-going", "-n", "-N"),
            *("-b", builder, str(docs), str(docs / "_build" / builder)),
        ]


def entry(name: str, *blocks: str, heading: str | None = None) -> str:
    """Return an entry with one `{doctest}` block for each text."""
    title = heading or name.rpartition(".")[2]
    fences = "\n".join(f"```{{doctest}}\n{block}\n```\n" for block in blocks)
    return f"\n## {title}\n\n```{{entry}} {name}\n```\n\nWhat it does.\n\n{fences}"


def page(*entries: str, title: str = "Page", setup: str = SETUP) -> str:
    """Return a page with its set-up block."""
    return f"# {title}\n\n{setup}" + "".join(entries)
