"""The digest of the code that gives a verdict: it changes with what the code does."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from trees import one_subject, write_tree

import torchproof
from torchproof.code_digest import canonical, code_of, finding_digest, modules_of

SOURCE = '''
"""A module."""

import os

LIMIT = 1
"""What it is for."""


def join(*names: str, sep: str = "-") -> str:
    """Join names."""
    # A reason.
    return f"{sep.join(names)}: {len(names):>{LIMIT}}"
'''


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""A module."""', '"""Another text."""'),
        ('"""What it is for."""\n', ""),
        ("    # A reason.\n", "\n\n    # Two\n    # reasons.\n"),
        ("import os\n", "import os  # why\n"),
        ('"-"', "'-'"),
    ],
)
def test_words_and_layout_take_no_part(before: str, after: str) -> None:
    assert before in SOURCE
    assert canonical(SOURCE.replace(before, after)) == canonical(SOURCE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 1", "LIMIT = 2"),
        ("LIMIT = 1", "LIMIT = True"),
        ('": ', '" '),
        (":>{", ":<{"),
        ("*names: str, sep", "*names: str, by"),
        ("return f", "yield f"),
        ("import os", "import sys"),
        ("def join", "async def join"),
    ],
)
def test_what_the_code_does_takes_part(before: str, after: str) -> None:
    source = SOURCE.replace("{sep.join(names)}: ", '{sep.join(names)}" ": ')
    assert before in source
    assert canonical(source.replace(before, after)) != canonical(source)


def test_each_python_reads_the_same() -> None:
    # Newer Pythons have more fields in their trees, and read f-strings in other pieces.
    source = "def f[T](): pass\n" if sys.version_info >= (3, 12) else "def f(): pass\n"
    assert "type_params" not in canonical("def f(): pass\n")
    assert ("type_params" in canonical(source)) == (sys.version_info >= (3, 12))
    digest = hashlib.sha256(canonical(SOURCE).encode()).hexdigest()
    assert digest[:20] == "61f4155349bf7619e9ce"


def test_a_module_takes_in_what_it_imports_anywhere(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "a.py": "from torchproof.b import x\nimport torchproof.c\nimport torch\n",
            "b.py": "def f():\n    from torchproof import d\n",
            **dict.fromkeys(("c.py", "d.py", "unused.py", "part/__init__.py"), ""),
            "c.py": "from torchproof.part import y\nimport torchproof.missing\n",
        },
    )
    assert modules_of(("a",), root=tmp_path) == ["a", "b", "c", "d", "part"]


def digests(root: Path) -> list[str]:
    """Return the digests that a copy of the package gives: finder, torch, Visdom, simulation."""
    code = (
        "from torchproof.code_digest import _proving_digest, finding_digest;"
        "print(finding_digest(), _proving_digest(False, False),"
        "_proving_digest(True, False), _proving_digest(False, True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(root), "PATH": ""},
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy of the package, and the digests that it gives."""
    import shutil

    root = tmp_path_factory.mktemp("package")
    source = Path(torchproof.__file__).parent
    shutil.copytree(source, root / "torchproof", ignore=shutil.ignore_patterns("__pycache__"))
    return root, digests(root)


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        ("running/checker", [False, True, True, True]),
        ("running/execution", [False, True, True, True]),
        ("running/worker", [False, True, True, True]),
        ("pictures/kinds", [False, True, True, True]),
        ("pictures/svg", [False, False, False, False]),
        ("finding/statements", [True, True, True, True]),
        ("visdom/application", [False, False, True, False]),
        ("accelerator/device", [False, False, False, True]),
        ("records/drift", [False, False, False, False]),
        ("sphinx_ext/directives/compatibility", [False, False, False, False]),
    ],
)
def test_which_code_a_verdict_is_by(package: Any, module: str, changed: list[bool]) -> None:
    root, before = package
    path = root / "torchproof" / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(f"{text}\n\nADDED = 1\n", encoding="utf-8")
        after = digests(root)
    finally:
        path.write_text(text, encoding="utf-8")
    assert [a != b for a, b in zip(before, after, strict=True)] == changed


def test_subjects_of_visdom_are_told_from_the_others(tmp_path: Path) -> None:
    plain = one_subject(tmp_path, ">>> 1\n1")
    speaks = one_subject(tmp_path, ">>> import visdom\n>>> 1\n1")
    assert len({code_of(plain), code_of(speaks), finding_digest()}) == 3
