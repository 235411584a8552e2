"""Small sites for the tests: files in, a real Sphinx build out."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CONF = """
extensions = ["myst_parser", "torchproof.sphinx_ext"]
nitpicky = True
exclude_patterns = ["_build", "panes", "verified"]
torchproof_construction = ["nn-module", "autograd", "visdom"]
html_theme = "basic"
myst_enable_extensions = ["colon_fence"]
"""
# A call that a coming Sphinx, docutils or Python takes away fails a test before it fails a reader.
_WARNINGS: tuple[tuple[Literal["error", "ignore"], str, type[Warning], str], ...] = (
    ("error", "", DeprecationWarning, ""),
    ("error", "", PendingDeprecationWarning, ""),
    # sphinx-notfound-page 1.1.0 makes this call itself.
    ("ignore", "'tags' will become a required", PendingDeprecationWarning, "notfound.extension"),
    # MyST-Parser asks its own transform for the application.
    ("ignore", "'myst_parser.sphinx_ext.myst_refs.", PendingDeprecationWarning, ""),
    # So does its `{include}`.
    (
        *("ignore", "'sphinx.environment.BuildEnvironment.app'", PendingDeprecationWarning),
        "myst_parser.mocking",
    ),
    # visdom 0.2.4 calls a deprecated method too, when its client finds no server.
    ("ignore", "The 'warn' method is deprecated", DeprecationWarning, "visdom"),
)
SETUP = """\
```{doctest}
>>> import torch
>>> from torch import nn
```
"""

_SEEN = tempfile.TemporaryDirectory()
"""What introspection said in a build before: to ask it again takes longer than the rest of one."""
# An interpreter that has imported what all builds import, and forks for each.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "sphinx.cmd.build",
        "sphinx.builders.html",
        "myst_parser.sphinx_ext.main",
        "torchproof.sphinx_ext",
        "torchproof.hosts.gallery_hooks",
    ]
)


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
        options = [*self._options(builder), *arguments]
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder, "output")
            environ = {**os.environ, **(env or {})}
            process = _FORKS.Process(target=_build, args=(options, environ, output))
            process.start()
            process.join()
            assert process.exitcode is not None
            build = Build(process.exitcode, output.read_text(encoding="utf-8"), out)
        if self._descriptions.exists():
            shutil.copy(self._descriptions, _SEEN.name)
        return build

    @property
    def _descriptions(self) -> Path:
        return self.root / "docs/_build/torchproof/descriptions.json"

    def command(self, builder: str = "html") -> list[str]:
        """Return the command of a build, for a process of its own."""
        return [
            sys.executable,
            *(
                f"-W{action}:{text}:{kind.__name__}:{module}"
                for action, text, kind, module in _WARNINGS
            ),
            *("-m", "sphinx", *self._options(builder)),
        ]

    def describe(self) -> None:
        """Give the next build what introspection said in another one, if there was one."""
        seen = Path(_SEEN.name, self._descriptions.name)
        if seen.exists() and not self._descriptions.exists():
            self._descriptions.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(seen, self._descriptions)

    def _options(self, builder: str) -> list[str]:
        self.describe()
        docs = self.root / "docs"
        out = docs / "_build" / builder
        return ["-W", "--keep-going", "-n", "-N", "-b", builder, str(docs), str(out)]


def _build(options: Sequence[str], environ: Mapping[str, str], output: Path) -> None:
    # Here, so that tests which build nothing run where Sphinx is not installed.
    from sphinx.cmd.build import main

    os.environ.clear()
    os.environ.update(environ)
    with output.open("wb") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    for action, text, kind, module in _WARNINGS:
        where = rf"{re.escape(module)}\Z" if module else ""
        warnings.filterwarnings(action, re.escape(text), kind, where)
    sys.exit(main(options))


def entry(name: str, *blocks: str, heading: str | None = None) -> str:
    """Return an entry with one `{doctest}` block for each text."""
    title = heading or name.rpartition(".")[2]
    fences = "\n".join(f"```{{doctest}}\n{block}\n```\n" for block in blocks)
    return f"\n## {title}\n\n```{{entry}} {name}\n```\n\nWhat it does.\n\n{fences}"


def page(*entries: str, title: str = "Page", setup: str = SETUP) -> str:
    """Return a page with its set-up block."""
    return f"# {title}\n\n{setup}" + "".join(entries)
