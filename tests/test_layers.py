"""Imports point one way, from the hosts down to what finds and runs subjects."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import torchproof

ROOT = Path(torchproof.__file__).parent
# From below to above; what stands in one line does not import each other. "" is what lies in no
# package.
LAYERS = (
    {""},
    {"finding", "processes"},
    {"accelerator"},
    {"visdom"},
    {"pictures"},
    {"running"},
    {"api", "panes"},
    {"records"},
    {"sphinx_ext"},
    {"sphinx_ext.directives", "sphinx_ext.output", "sphinx_ext.search"},
    {"hosts"},
)
# It names all parts of its package, and nothing imports it.
COMPOSES = "sphinx_ext"
# Public addresses for pages and scripts, which lead to what lies in a package.
PUBLIC = frozenset({"visdom_browser", "visdom_panes", "visdom_server", "visdom_static"})


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the modules of a package by their names within it."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path], *, at_once: bool = False) -> Iterator[str]:
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
    return name.removeprefix("torchproof.")


def package(module: str, known: dict[str, Path]) -> str:
    return module if known[module].name == "__init__.py" else module.rpartition(".")[0]


def wrong(root: Path, layers: tuple[set[str], ...]) -> list[str]:
    """Return the imports that point up, or aside."""
    known = modules(root)
    rank = {name: number for number, layer in enumerate(layers) for name in layer}
    # A package within another one belongs to it.
    rank |= {p: rank[p.rpartition(".")[0]] for m in known if (p := package(m, known)) not in rank}
    found = []
    for module, path in known.items():
        own = package(module, known)
        for imported in imports(path, known):
            other = package(imported, known)
            inside = (own + ".").startswith(other + ".") or (other + ".").startswith(own + ".")
            same = own == other or (inside and rank[own] == rank[other])
            up = not same and rank[other] >= rank[own]
            if (up and module not in {COMPOSES, *PUBLIC}) or imported in PUBLIC:
                found.append(f"{module} imports {imported}")
    return found


def test_imports_point_from_the_hosts_down() -> None:
    assert wrong(ROOT, LAYERS) == []


def test_every_package_has_a_layer_and_says_what_it_is_for() -> None:
    listed = set().union(*LAYERS)
    for name, path in modules().items():
        if path.name == "__init__.py":
            assert name in listed or name.rpartition(".")[0] in listed, name
            assert ast.get_docstring(ast.parse(path.read_bytes())), name


def test_no_module_imports_itself_over_others() -> None:
    known = modules()
    order = graphlib.TopologicalSorter(
        {module: set(imports(path, known, at_once=True)) for module, path in known.items()}
    )
    try:
        order.prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("api/names.py", "from torchproof.records.record import Record"),
        ("api/names.py", "import torchproof.hosts.run"),
        ("api/names.py", "def f():\n    from torchproof import hosts"),
        ("panes/place.py", "from torchproof.api.names import find"),
        ("run.py", "from torchproof.api import names"),
        ("hosts/run.py", "from torchproof.visdom_server import serve"),
    ],
)
def test_an_import_that_points_up_or_aside_is_named(tmp_path: Path, module: str, line: str) -> None:
    for name in ("", "api", "panes", "records", "hosts"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "__init__.py").touch()
    for name in (
        "api/names.py",
        "panes/place.py",
        "records/record.py",
        "hosts/run.py",
        "run.py",
        "visdom_server.py",
    ):
        (tmp_path / name).touch()
    layers = ({""}, {"api", "panes"}, {"records"}, {"hosts"})
    assert wrong(tmp_path, layers) == []
    (tmp_path / module).write_text(line, encoding="utf-8")
    (found,) = wrong(tmp_path, layers)
    assert found.startswith(module.removesuffix(".py").replace("/", "."))
