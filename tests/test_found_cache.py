"""What is remembered of files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from trees import write_tree

import torchproof
from torchproof.finding.tree import find_in_tree

PAGE = "# A\n\n```{doctest}\n>>> import os\n```\n\n## a\n\n```{doctest}\n>>> 1\n1\n```\n"
BAD = PAGE.replace(">>> 1\n1", "nothing")
SCRIPT = '"""Title"""\nassert 1\n'


def test_what_is_remembered_equals_what_is_found(tmp_path: Path) -> None:
    write_tree(tmp_path, {"docs/a.md": PAGE, "docs/b.md": BAD, "gallery/x/y.py": SCRIPT})
    cache = tmp_path / "found.json"
    plain = find_in_tree(tmp_path)
    assert plain.subjects and plain.problems
    assert find_in_tree(tmp_path, cache=cache) == plain
    data = json.loads(cache.read_text(encoding="utf-8"))
    assert len(data) == 3
    assert find_in_tree(tmp_path, cache=cache) == plain
    # It is really taken from there.
    for found in data.values():
        for subject in found["subjects"]:
            subject["title"] = "remembered"
    cache.write_text(json.dumps(data), encoding="utf-8")
    titles = {subject.title for subject in find_in_tree(tmp_path, cache=cache).subjects}
    assert titles == {"remembered"}


def test_an_edited_file_is_read_again_and_the_old_finding_is_dropped(tmp_path: Path) -> None:
    cache = tmp_path / "found.json"
    write_tree(tmp_path, {"docs/a.md": PAGE, "gallery/x/y.py": SCRIPT})
    before = find_in_tree(tmp_path, cache=cache)
    write_tree(tmp_path, {"docs/a.md": PAGE.replace("## a", "\n\n## b")})
    after = find_in_tree(tmp_path, cache=cache)
    assert [s.title for s in after.subjects] == ["b", "Title"]
    assert after.subjects[0].line == before.subjects[0].line + 2
    assert len(json.loads(cache.read_text(encoding="utf-8"))) == 2


def test_a_broken_cache_is_made_anew(tmp_path: Path) -> None:
    cache = tmp_path / "found.json"
    write_tree(tmp_path, {"docs/a.md": PAGE})
    cache.write_text("{", encoding="utf-8")
    assert find_in_tree(tmp_path, cache=cache) == find_in_tree(tmp_path)
    assert len(json.loads(cache.read_text(encoding="utf-8"))) == 1


FIND = """
import sys
from pathlib import Path
from torchproof.finding.tree import find_in_tree
root = Path(sys.argv[1])
print(*(s.title for s in find_in_tree(root, cache=root / "found.json").subjects))
"""


def test_what_another_finder_found_is_found_again(tmp_path: Path) -> None:
    code = tmp_path / "code" / "torchproof"
    shutil.copytree(Path(torchproof.__file__).parent, code)
    root = write_tree(tmp_path / "tree", {"docs/a.md": PAGE})

    def titles() -> str:
        return subprocess.run(
            [sys.executable, "-c", FIND, str(root)],
            env={**os.environ, "PYTHONPATH": str(code.parent)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    assert titles() == "a"
    known = (root / "found.json").read_text(encoding="utf-8")
    (root / "found.json").write_text(known.replace('"a"', '"known"'), encoding="utf-8")
    assert titles() == "known"
    finder = code / "finding" / "statements.py"
    finder.write_text(f"{finder.read_text(encoding='utf-8')}\nEDITED = True\n", encoding="utf-8")
    assert titles() == "a"
