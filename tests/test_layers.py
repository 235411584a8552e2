"""Imports point one way, from the hosts down to what finds and runs subjects."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest
from packages import COMPOSES, LAYERS, PUBLIC, ROOT, imports, modules, package


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
