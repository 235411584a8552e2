"""Faults and probes in interpreters that a subject starts, such as its own Visdom servers.

`site/sitecustomize.py` lies on their path and installs a finder, which compiles the changed module
from its changed tree.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import mmap
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import msgspec

from torchproof.files import write_atomically
from torchproof.mutants import stand_ins
from torchproof.mutants.changes import changes
from torchproof.mutants.sources import Source, node_of, tree_of

VARIABLE = "TORCHPROOF_PLANTED"
_SITE = Path(__file__).with_name("site")


@dataclass(frozen=True)
class Order:
    """What a new interpreter changes."""

    notes: str
    """File of the notes of the run."""
    source: Source | None = None
    """Function with the fault."""
    number: int = 0
    """Number of its change."""
    probed: tuple[Source, ...] = ()
    """Functions with probes."""
    places: tuple[tuple[str, int, int], ...] = ()
    """File, line and number of each probe."""


def leave(order: Order, folder: Path) -> None:
    """Leave an order for the interpreters that this process will start."""
    path = folder / "order.json"
    write_atomically(path, msgspec.json.encode(order))
    paths = [str(_SITE), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.environ[VARIABLE] = str(path)


def follow() -> None:
    """Follow the order that the environment names."""
    order = msgspec.json.decode(Path(os.environ[VARIABLE]).read_bytes(), type=Order)
    with Path(order.notes).open("r+b") as file:
        stand_ins.install(mmap.mmap(file.fileno(), 0))
    sys.meta_path.insert(0, _Finder(order))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, order: Order) -> None:
        sources = [order.source] if order.source is not None else order.probed
        self._order = order
        self._files = {source.module: source.file for source in sources if source is not None}

    def find_spec(
        self, name: str, _: Sequence[str] | None = None, __: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = self._files.get(name)
        if file is None:
            return None
        loader = _Loader(name, file)
        loader.order = self._order
        return importlib.machinery.ModuleSpec(name, loader, origin=file)


class _Loader(importlib.machinery.SourceFileLoader):
    order: Order

    def exec_module(self, module: ModuleType) -> None:
        # A spec made by hand has none of these.
        module.__file__ = self.path
        super().exec_module(module)

    def get_code(self, _: str) -> CodeType:
        code: Any = _changed(self.path, self.order)
        assert isinstance(code, CodeType)
        return code


def _changed(file: str, order: Order) -> CodeType:
    """Compile a file with what the order changes in it."""
    if order.source is not None:
        for number, change in enumerate(changes(node_of(order.source))):
            if number == order.number:
                with change.applied():
                    return compile(tree_of(file), file, "exec", dont_inherit=True)
    from torchproof.mutants.probes import probed_tree

    numbers = {(f, line): number for f, line, number in order.places}
    mine = [source for source in order.probed if source.file == file]
    with probed_tree(mine, numbers):
        return compile(tree_of(file), file, "exec", dont_inherit=True)
