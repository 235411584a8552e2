"""Scripts as subjects, and what is wrong in them: exact file, line and message."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import write_tree

from torchproof.finding.scripts import SCRIPT_LIMIT, find_in_script
from torchproof.finding.subjects import Found

GOOD = '''"""
A finding
=========

See :py:meth:`torch.nn.Module.to`, :py:func:`grad <torch.autograd.grad>`, again
:py:meth:`~torch.nn.Module.to`, and ``torch.ones``.
"""
import torch

# %%
# Uses :py:class:`!torch.nn.Linear`.
assert torch.ones(1).sum() == 1
for number in range(2):
    assert number < 2
'''


def find(root: Path, text: str) -> Found:
    write_tree(root, {"gallery/area/script.py": text})
    return find_in_script(root / "gallery/area/script.py", root=root)


def test_script_is_one_subject(tmp_path: Path) -> None:
    found = find(tmp_path, GOOD)
    (subject,) = found.subjects
    assert found.problems == ()
    assert subject.id == subject.file == "gallery/area/script.py"
    assert (subject.kind, subject.title, subject.line) == ("script", "A finding", 1)
    assert (subject.source, subject.checked, subject.limit) == (GOOD, 2, SCRIPT_LIMIT)
    assert subject.names == ("torch.nn.Module.to", "torch.autograd.grad", "torch.nn.Linear")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            '"""Title"""\nprint(1)\n',
            ["1: nobody checks this script: assert what it finds"],
        ),
        (
            "import torch\nassert torch\n",
            ["1: script without a title; begin with a docstring"],
        ),
        (
            '"""  \n"""\nassert 1\n',
            ["1: script without a title; begin with a docstring"],
        ),
        (
            '"""Title"""\n\nassert (\n',
            ["3: not Python: '(' was never closed"],
        ),
        (
            '"""Title"""\nimport torchproof\nassert 1\n',
            ["2: a script runs without torchproof; import only its subject"],
        ),
        (
            '"""Title"""\nassert 1\ndef f():\n    from torchproof.running.checker import close\n',
            ["4: a script runs without torchproof; import only its subject"],
        ),
        (
            "import torch\n",
            [
                "1: script without a title; begin with a docstring",
                "1: nobody checks this script: assert what it finds",
            ],
        ),
    ],
)
def test_problems_of_a_script(tmp_path: Path, text: str, problems: list[str]) -> None:
    found = [str(problem) for problem in find(tmp_path, text).problems]
    assert found == [f"gallery/area/script.py:{problem}" for problem in problems]
