"""Digests of our own code that ignore comments, docstrings and formatting.

The digest of a module covers every module of this package that it imports, at the top or inside a
function. So there is no list of files to maintain, and a new import counts at once.
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
"""Prefix of the modules that only Visdom subjects use."""
_ACCELERATOR = "accelerator."
"""Prefix of the modules that only runs on the simulated accelerator use."""
_FINDING = ("finding.tree", "finding.pages", "finding.scripts")
_RUNNING = (
    *("running.child", "running.execution", "running.worker"),
    *("running.fork_server", "running.spawn", "pictures.recording"),
)


@functools.cache
def finding_digest() -> str:
    """Return the digest of the code that finds subjects in pages and scripts."""
    return digest_of(_FINDING)


def code_of(subject: Subject, device: str = "cpu") -> str:
    """Return the digest of the code that finds, runs, compares and records a subject.

    It covers the `visdom` package only for subjects that mention visdom, and the `accelerator`
    package only for runs on the simulated accelerator.
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
    """Return a text that is equal for sources differing only in comments, docstrings or formatting.

    It is the same on every version of Python that can parse the source.
    """
    return "".join(_walk(ast.parse(source)))


def modules_of(names: tuple[str, ...], *, root: Path = _ROOT) -> list[str]:
    """Return the modules and their transitive imports within the package at `root`, sorted."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _imported(_tree(_path(root, name)), root)
    return sorted(found)


def digest_of(names: tuple[str, ...]) -> str:
    """Return the digest of the modules and their transitive imports within this package."""
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
    """Yield the parts of a syntax tree; empty fields are left out, since newer Pythons add some."""
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
    """Return whether a statement is a docstring, of a definition or of an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _joined(node: ast.JoinedStr) -> list[ast.expr]:
    """Return the parts of an f-string with adjacent literals merged, as Python versions differ."""
    parts: list[ast.expr] = []
    for part in node.values:
        before = parts[-1] if parts else None
        if isinstance(part, ast.Constant) and isinstance(before, ast.Constant):
            parts[-1] = ast.Constant(str(before.value) + str(part.value))
        elif not isinstance(part, ast.Constant) or part.value:
            parts.append(part)
    return parts
