"""The packages of torchproof and what each imports, read from the source.

As a command, `python tests/packages.py`, it draws docs/architecture.svg anew.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import torchproof
from torchproof.files import write_atomically
from torchproof.pictures.kinds import Edge, Graph, Node
from torchproof.pictures.svg import graph_svg

ROOT = Path(torchproof.__file__).parent
PICTURE = Path(__file__).parents[1] / "docs" / "architecture.svg"
# From below to above; packages of one line do not import each other. "" is what lies in no package.
LAYERS = (
    {""},
    {"accelerator", "finding", "processes"},
    {"statements"},
    {"visdom"},
    {"pictures"},
    {"running"},
    {"api", "panes", "replays"},
    {"mutants", "records"},
    {"sphinx_ext"},
    {"sphinx_ext.directives", "sphinx_ext.output", "sphinx_ext.search"},
    {"hosts"},
)
# It names all parts of its package, and nothing imports it.
COMPOSES = "sphinx_ext"
# Public addresses for pages and scripts, which lead to what lies in a package.
PUBLIC = frozenset({"replay", "visdom_browser", "visdom_panes", "visdom_server", "visdom_static"})
FACADES = "visdom_*"
"""The public addresses of what lies in `visdom`, as one box of the picture."""


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the modules of a package by their names within it."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Mapping[str, Path], *, at_once: bool = False) -> Iterator[str]:
    """Yield the modules of the package that a file imports: in functions too, or at once."""
    tree = ast.parse(path.read_bytes())
    nodes = list(tree.body if at_once else ast.walk(tree))
    typing = {
        inner
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in node.body
    }
    for node in nodes:
        if node in typing:
            continue
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            found = [name if inner(name) in known else base for name in names]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        else:
            continue
        yield from (inner(name) for name in found if name.startswith("torchproof."))


def inner(name: str) -> str:
    """Return a full name without that of the package."""
    return name.removeprefix("torchproof.")


def package(module: str, known: Mapping[str, Path]) -> str:
    """Return the package that a module lies in; that of a package is itself."""
    return module if known[module].name == "__init__.py" else module.rpartition(".")[0]


def box(module: str, known: Mapping[str, Path]) -> str:
    """Return the box of the picture that a module belongs to."""
    if module in PUBLIC:
        return FACADES if module.startswith("visdom") else module
    own = package(module, known)
    # A package within another one belongs to it; one at the top that no layer names stays itself.
    while "." in own and own not in set().union(*LAYERS):
        own = own.rpartition(".")[0]
    return own


def arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """Return for each box those that it imports; "", which all import, is left out."""
    known = modules(root)
    found: dict[str, set[str]] = {}
    for module, path in known.items():
        own = found.setdefault(box(module, known), set())
        if module != COMPOSES:
            own.update(box(imported, known) for imported in imports(path, known))
    return {own: others - {own, ""} for own, others in found.items() if own}


def direct(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows that do not follow from others."""

    def below(name: str) -> set[str]:
        return arrows[name].union(*map(below, arrows[name]))

    return {name: others.difference(*map(below, others)) for name, others in arrows.items()}


def draw(arrows: Mapping[str, set[str]]) -> str:
    """Return the picture: each box above those that it imports."""

    def node(name: str) -> Node:
        outer, _, last = name.rpartition(".")
        return Node(name, "function", last, f"of {outer}" if outer else "")

    def translate(message: str, *values: str) -> str:
        if message == "Autograd graph of %s":
            return "The packages of Torchproof and their imports"
        return message.replace("leads to", "imports") % values

    edges = (Edge(name, other) for name in arrows for other in sorted(arrows[name]))
    graph = Graph("packages", tuple(map(node, arrows)), tuple(edges))
    return graph_svg(graph, anchor="packages_and_imports", translate=translate)


if __name__ == "__main__":
    write_atomically(PICTURE, f"{draw(direct(arrows()))}\n")
