"""No private name of another library is used without a contract that says what we take it for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import test_python_contract
import test_sphinx_contract
import test_torch_contract
import test_visdom_contract
from contracts import SOURCE, Contract, check

CONTRACTS = [
    *test_python_contract.CONTRACTS,
    *test_torch_contract.CONTRACTS,
    *test_visdom_contract.CONTRACTS,
    *(Contract(*row[:4], lambda: True) for row in test_sphinx_contract.TOUCHED),
]
_NAMES = re.compile(r"(?:[\w.]*\.)?_[a-z]\w*(?:\.\w+)*(?:\s+_[a-z]\w*)*")
OURS = {"_build"}
"""Strings that look like private names and are ours: folders."""


def fragile(text: str) -> Iterator[tuple[int, str]]:
    """Yield each private name of something else that a file uses, and each class told by name."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name("self" | "cls"), _):
                continue
            case ast.Attribute(_, name) if _is_private(name):
                yield node.lineno, name
            case ast.ImportFrom(module=module, names=names) if not _is_ours(module or ""):
                for name in (*(module or "").split("."), *(alias.name for alias in names)):
                    if _is_private(name):
                        yield node.lineno, name
            case ast.Import(names=names):
                for name in (part for alias in names for part in alias.name.split(".")):
                    if _is_private(name):
                        yield node.lineno, name
            case ast.Constant(str(value)) if _NAMES.fullmatch(value) and value not in OURS:
                yield node.lineno, value
            case ast.Compare(ast.Attribute(_, "__name__"), _, [ast.Constant(str(value))]):
                if value != "__main__":
                    yield node.lineno, value
            case ast.Assign(targets=[ast.Attribute(ast.Attribute(), "__defaults__")]):
                yield node.lineno, "__defaults__"
            case ast.Assign(targets=[ast.Attribute(_, "__defaults__")]):
                yield node.lineno, "__defaults__"


def _is_ours(module: str) -> bool:
    return module == "__future__" or module.startswith("torchproof.")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def test_the_finder_sees_each_way_to_a_private_name() -> None:
    text = """
from a._b import c
import d._e
x._f
self._own
self.x._g
getattr(x, "_h")
importlib.import_module("a._i.j")
type(x).__name__ == "K"
__name__ == "__main__"
x.__init__.__defaults__ = ()
y.__defaults__ = ()
x.__name__
line["_l"] = ()
dir("_m _n")
"""
    assert sorted(name for _, name in fragile(text)) == sorted(
        ["_b", "_e", "_f", "_g", "_h", "a._i.j", "K", "__defaults__", "__defaults__", "_l", "_m _n"]
    )


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix()
)
def test_each_private_name_has_a_contract(path: Path) -> None:
    file = path.relative_to(SOURCE).as_posix()
    text = path.read_text(encoding="utf-8")
    written = " ".join(f"{c.written} {c.part}" for c in CONTRACTS if file in c.files)
    without = [f"{file}:{line}: {name}" for line, name in fragile(text) if name not in written]
    assert not without, (
        f"{', '.join(without)}: say in tests/test_*_contract.py what the library has to have there"
    )


def test_a_contract_that_does_not_hold_is_one_message() -> None:
    file = ("pictures/module_tree.py",)
    with pytest.raises(AssertionError) as caught:
        check(Contract("visdom", "Module._gone", file, "_buffers", lambda: object()._gone))  # type: ignore[attr-defined]
    assert re.match(
        r"visdom 0\.\S+ has another Module\._gone than pictures/module_tree\.py take it for "
        r"\(AttributeError: 'object' object has no attribute '_gone'\)",
        str(caught.value),
    )
    with pytest.raises(AssertionError, match=r"no longer has '_gone': take the contract on Module"):
        check(Contract("visdom", "Module._gone", file, "_gone", lambda: True))
