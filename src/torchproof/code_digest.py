"""Digests of our own code, by what it does: comments, docstrings and layout take no part.

A module takes in every module of this package that it imports, at the top or inside a function. So
no list of files has to be kept, and what a part begins to use counts from then on.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from torchproof.devices import SIMULATED

if TYPE_CHECKING:
    from torchproof.finding.subjects import Subject

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parent
_VISDOM = "visdom."
"""The package that only subjects of Visdom use."""
_ACCELERATOR = "accelerator."
"""The package that only the simulated accelerator uses."""
_FINDING = ("finding.tree", "finding.pages", "finding.scripts")
_RUNNING = (
    *("running.child", "running.execution", "running.worker"),
    *("running.fork_server", "running.spawn", "pictures.recording"),
)


@functools.cache
def finding_digest() -> str:
    """Return the digest of what finds subjects in pages and scripts."""
    return digest_of(_FINDING)


def code_of(subject: Subject, device: str = "cpu") -> str:
    """Return the digest of what finds, runs, compares and records a subject: its verdict is by it.

    The server and the browser of Visdom are a part of it for subjects that speak of Visdom, and the
    simulated accelerator for what runs on it.
    """
    return _proving_digest("visdom" in subject.text, device == SIMULATED)


@functools.cache
def _proving_digest(visdom: bool, simulated: bool) -> str:
    left_out = tuple(
        package for package, used in ((_VISDOM, visdom), (_ACCELERATOR, simulated)) if not used
    )
    names = [n for n in modules_of((*_FINDING, *_RUNNING)) if not n.startswith(left_out)]
    digest = _digest_of(names)
    if simulated:
        content = hashlib.sha256(digest.encode())
        for path in sorted(_ROOT.joinpath("accelerator", "source").iterdir()):
            content.update(path.read_bytes())
        digest = content.hexdigest()[:12]
    return digest


def canonical(source: str) -> str:
    """Return a text that two sources share if they differ in comments, docstrings or layout alone.

    It is the same on each version of Python that can read the source.
    """
    return "".join(_walk(ast.parse(source)))


def modules_of(names: tuple[str, ...], *, root: Path = _ROOT) -> list[str]:
    """Return modules, and all modules of the package under `root` that they import, sorted."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _imported(_tree(_path(root, name)), root)
    return sorted(found)


def digest_of(names: tuple[str, ...]) -> str:
    """Return the digest of modules and of all that they import."""
    return _digest_of(modules_of(names))


def _digest_of(names: Iterable[str]) -> str:
    content = hashlib.sha256()
    for name in names:
        content.update(f"{name}\0{_canonical(name)}\0".encode())
    return content.hexdigest()[:12]


@functools.cache
def _canonical(name: str) -> str:
    return "".join(_walk(_tree(_path(_ROOT, name))))


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _path(root: Path, name: str) -> Path:
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported(tree: ast.Module, root: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            inner = name.removeprefix(f"{_PACKAGE}.")
            if inner != name and _path(root, inner).is_file():
                yield inner


def _walk(node: object) -> Iterator[str]:
    """Yield the parts of a syntax tree; what is empty is left out, as newer Pythons add fields."""
    if isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for field in node._fields:
            value = getattr(node, field, None)
            if field == "body" and isinstance(value, list):
                value = [statement for statement in value if not _is_text(statement)]
            if isinstance(node, ast.JoinedStr):
                value = _joined(node)
            if value not in (None, []):
                yield f"{field}="
                yield from _walk(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item)
            yield ","
    else:
        yield f"{type(node).__name__}:{node!r}"


def _is_text(node: object) -> bool:
    """Say whether a statement is a docstring, or a text below an attribute that documents it."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _joined(node: ast.JoinedStr) -> list[ast.expr]:
    """Return the parts of an f-string; Pythons differ in where its texts are cut."""
    parts: list[ast.expr] = []
    for part in node.values:
        before = parts[-1] if parts else None
        if isinstance(part, ast.Constant) and isinstance(before, ast.Constant):
            parts[-1] = ast.Constant(str(before.value) + str(part.value))
        elif not isinstance(part, ast.Constant) or part.value:
            parts.append(part)
    return parts
