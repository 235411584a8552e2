"""The changes that make faults: each kind on a small source, with an identity that stays."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from torchproof.mutants import stand_ins
from torchproof.mutants.changes import Function, changes, header
from torchproof.mutants.compiled import WrapperFault, wrapped_attribute, wrapped_function
from torchproof.mutants.faults import KINDS, Fault, faults_of
from torchproof.mutants.planting import NoFault, functions_in_memory, plant
from torchproof.mutants.probes import Probes
from torchproof.mutants.sources import functions_of_module, sources_of
from torchproof.mutants.spawned import VARIABLE, Order, leave
from torchproof.mutants.stand_ins import StandIns
from torchproof.mutants.subject_process import NOTES


def changed(body: str, *, head: str = "def f(self, x):") -> set[tuple[str, str]]:
    """Return the kind of each change, and the changed function."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    tree = ast.parse(f"{head}\n{lines}")
    function = tree.body[0]
    assert isinstance(function, Function)
    found = set()
    for change in changes(function):
        with change.applied():
            compile(tree, "f.py", "exec")
            found.add((change.kind, header_of_all(function)))
    assert ast.unparse(tree) == ast.unparse(ast.parse(f"{head}\n{lines}"))
    return found


def header_of_all(function: Function) -> str:
    text = ast.unparse(ast.Module([*function.body], []))
    return "; ".join(line.strip() for line in text.replace("__planted__.", "").split("\n"))


@pytest.mark.parametrize(
    ("body", "kind", "after"),
    [
        ("if x: self.a()", "negate", "if not x:; self.a()"),
        ("if not x: self.a()", "negate", "if x:; self.a()"),
        ("return [y for y in x if y]", "negate", "return [y for y in x if not y]"),
        ("return 1 if x else 2", "negate", "return 1 if not x else 2"),
        ("self.a()", "drop-statement", "if 0:; self.a()"),
        ("self.a = x", "drop-statement", "if 0:; self.a = x"),
        ("x += 1", "drop-statement", "if 0:; x += 1"),
        ("del x[0]", "drop-statement", "if 0:; del x[0]"),
        ("g(x, a=1)", "drop-argument", "g(x)"),
        ("g(x, a=1)", "drop-argument", "g(a=1)"),
        ("g(*x, **self)", "drop-argument", "g(*x)"),
        ("return x[1]", "constant", "return x[2]"),
        ("return g(True)", "constant", "return g(False)"),
        ("return g(0.5)", "constant", "return g(5.0)"),
        ("return x", "return-none", "return None"),
        ("return x", "return-copy", "return copy(x)"),
        ("return self.x", "return-copy", "return copy(self.x)"),
        ("for y in x: y.f()", "skip-loop", "for y in ():; y.f()"),
        ("for y in x: y.f()", "first-only", "for y in first(x):; y.f()"),
        ("for y in x: y.f()", "reverse", "for y in backwards(x):; y.f()"),
        ("raise ValueError(x)", "drop-raise", "if 0:; raise ValueError(x)"),
        ("return x < self", "comparison", "return x <= self"),
        ("return x is self", "comparison", "return x is not self"),
        ("if x < 1: g()", "comparison", "if x <= 1:; g()"),
        ("return x and self", "connective", "return x or self"),
        ("with g(): self.a()", "drop-with", "if 1:; self.a()"),
        ("self.hook(x)", "copy-to-callback", "self.hook(copy(x))"),
    ],
)
def test_each_kind_of_change(body: str, kind: str, after: str) -> None:
    assert (kind, after) in changed(body)
    assert kind in KINDS


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        # Nothing that a program could see.
        ("torch._C._log_api_usage_once('a')", "drop-statement"),
        ("'a docstring'", "drop-statement"),
        ("if x == 1: g()", "comparison"),  # its negation is the same
        ("found = []\nreturn found", "return-copy"),
        ("return None", "return-none"),
        ("assert g(x, a=1)", "drop-argument"),
        ("return len(x)", "drop-argument"),
        ("with g() as y: y.a()", "drop-with"),
    ],
)
def test_what_changes_nothing_is_no_fault(body: str, kind: str) -> None:
    assert kind not in {found for found, _ in changed(body)}


def test_defaults_change() -> None:
    tree = ast.parse("def f(x, a=1, *, deep=True, eps=1e-3, name='x', other=None): pass")
    function = tree.body[0]
    assert isinstance(function, Function)
    found = []
    for change in changes(function):
        with change.applied():
            found.append(header(function))
    assert [change.kind for change in changes(function)] == ["default"] * 3
    assert "a=2, *, deep=True" in found[0]
    assert "deep=False" in found[1]
    assert "eps=0.01" in found[2]


SMALL = """
class Base:
    def name(self):
        return "base"


class Small(Base):
    def __init__(self, items=(), deep=True):
        self.items = items
        self.deep = deep

    def name(self):
        return "small " + super().name()

    def each(self, function):
        found = []
        for item in self.items:
            found.append(function(item))
        return found


def outer(x):
    y = x + 1

    def inner():
        return y
    return inner()


def declared(x): ...
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ModuleType]:
    path = tmp_path / "small_source.py"
    path.write_text(SMALL)
    spec = importlib.util.spec_from_file_location("small_source", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["small_source"] = module
    spec.loader.exec_module(module)
    stand_ins.install(bytearray(64))
    yield module
    del sys.modules["small_source"]


def faults(module: str) -> list[Fault]:
    return [fault for source in functions_of_module(module) for fault in faults_of(source)]


def planted(before: str, after: str) -> None:
    sources = functions_of_module("small_source")
    memory = functions_in_memory(sources)
    (fault,) = (f for f in faults("small_source") if (f.before, f.after) == (before, after))
    plant(fault, memory)


def test_a_planted_fault_is_in_all_who_hold_the_function(small: Any) -> None:
    thing = small.Small([1, 2, 3])
    held = thing.each
    planted("for item in self.items:", "for item in backwards(self.items):")
    assert held(str) == ["3", "2", "1"]


def test_a_method_with_super_and_a_closure_can_be_changed(small: Any) -> None:
    planted("return 'small ' + super().name()", "return None")
    assert small.Small().name() is None
    planted("y = x + 1", "y = x + 2")
    assert small.outer(1) == 3


def test_a_default_is_changed_where_python_keeps_it(small: Any) -> None:
    planted("def __init__(self, items=(), deep=True):", "def __init__(self, items=(), deep=False):")
    assert small.Small().deep is False
    assert small.Small().items == ()


@pytest.mark.usefixtures("small")
def test_a_function_without_a_body_has_no_faults() -> None:
    assert not any("declared" in fault.name for fault in faults("small_source"))


def test_an_id_outlives_moves_of_lines(tmp_path: Path, small: ModuleType) -> None:
    before = {fault.id for fault in faults("small_source")}
    assert len(before) == len(faults("small_source"))
    for name, text in (("moved", f"\n\n\n{SMALL}"), ("edited", SMALL.replace("x + 1", "x + 3"))):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("small_source", path)
        assert spec is not None and spec.loader is not None
        module = sys.modules["small_source"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        after = {fault.id for fault in faults("small_source")}
        assert (after == before) == (name == "moved")
        assert len(before - after) in {0, 1}
    assert small is not None


def test_probes_tell_what_ran(small: Any) -> None:
    sources = functions_of_module("small_source")
    probes = Probes(sources, functions_in_memory(sources))
    notes = bytearray(probes.size)
    stand_ins.install(notes)
    probes.install()
    assert small.outer(1) == 2
    lines = {line for _, line in probes.places(n for n, byte in enumerate(notes) if byte)}
    text = SMALL.split("\n")
    ran = {text[line - 1].strip() for line in lines}
    assert ran == {"def outer(x):", "y = x + 1", "def inner():", "return y", "return inner()"}


def test_an_interpreter_that_a_subject_starts_has_the_fault(
    tmp_path: Path, small: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / NOTES).write_bytes(bytes(64))
    (fault,) = (f for f in faults("small_source") if f.after == "y = x + 2")
    leave(Order(str(tmp_path / NOTES), fault.source, fault.number), tmp_path)
    command = [sys.executable, "-c", "import small_source; print(small_source.outer(1))"]
    assert subprocess.check_output(command, env=dict(os.environ), text=True) == "3\n"
    # And probes, which share the notes.
    sources = tuple(functions_of_module("small_source"))
    probes = Probes(sources, functions_in_memory(sources))
    places = tuple((file, line, n) for (file, line), n in probes.numbers.items())
    leave(Order(str(tmp_path / NOTES), probed=sources, places=places), tmp_path)
    assert subprocess.check_output(command, env=dict(os.environ), text=True) == "2\n"
    notes = (tmp_path / NOTES).read_bytes()
    numbers = {n for n, byte in enumerate(notes) if byte}
    assert len(probes.places(numbers)) == 5
    assert small is not None


def test_names_bring_what_only_they_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "visdom.py"
    path.write_text(f"{SMALL}\n\ndef shown(x):\n    return outer(x) or Small()\n")
    spec = importlib.util.spec_from_file_location("visdom", path)
    assert spec is not None and spec.loader is not None
    # Names begin with torch or visdom, which take seconds to import.
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "visdom", module)
    spec.loader.exec_module(module)
    found = {s.qualname: s for s in sources_of(["visdom.shown", "visdom.Small.each"])}
    assert found.keys() == {"shown", "outer", "Small.each"}
    assert found["outer"].name == "visdom.shown"
    # A function that two names call belongs to the first, and both may notice.
    both = {s.qualname: s for s in sources_of(["visdom.shown", "visdom.outer"])}
    assert both["outer"].name == "visdom.outer"


@pytest.mark.parametrize(
    ("kind", "keyword", "expected"),
    [("does-nothing", "", None), ("returns-copy", "", [3, 2]), ("drop-keyword", "key", [-2, 3])],
)
def test_a_compiled_function_gets_a_wrapper(kind: str, keyword: str, expected: object) -> None:
    notes = bytearray(2)
    fault = WrapperFault("sorted:0", "sorted", kind, "", "", keyword)
    # The parameters of `sorted` are iterable, key and reverse.
    wrapper = wrapped_function(sorted, fault, StandIns(notes))
    given = [3, -2] if kind == "drop-keyword" else [2, 3]
    key = abs if kind == "drop-keyword" else (lambda x: -x)
    assert wrapper(given, key=key) == expected
    assert notes[0] == 1


def test_a_compiled_attribute_gets_a_wrapper() -> None:
    class Slot:
        __slots__ = ("value",)

    holder: Any = Slot
    notes = bytearray(2)
    fault = WrapperFault("value:0", "value", "ignores-write", "", "")
    held = vars(holder)["value"]
    thing = holder()
    thing.value = 1
    holder.value = wrapped_attribute(held, fault, StandIns(notes))
    assert notes[0] == 0
    thing.value = 2
    assert (thing.value, notes[0]) == (1, 1)


def test_a_function_that_is_not_in_memory_gets_no_fault(small: ModuleType) -> None:
    sources = functions_of_module("small_source")
    fault = faults("small_source")[0]
    with pytest.raises(NoFault, match="is not in memory"):
        plant(fault, {})
    assert small is not None and sources
