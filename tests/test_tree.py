"""The subjects of a whole tree, and what two of its files can do to each other."""

from __future__ import annotations

from pathlib import Path

from sites import entry, page
from trees import line_of, write_tree

from torchproof.finding.tree import find_files, find_in_tree

TO = entry("torch.nn.Module.to", ">>> 1\n1")
SCRIPT = '"""Title with :py:meth:`torch.nn.Module.to`"""\nassert 1\n'


def test_pages_come_before_scripts_in_the_order_of_their_paths(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "gallery/area/b.py": SCRIPT,
            "gallery/area/a.py": SCRIPT,
            "docs/b.md": page(TO),
            "docs/area/a.md": page(entry("torch.nn.Module.cpu", ">>> 1\n1")),
            "docs/index.md": "# Only words\n",
        },
    )
    assert [subject.id for subject in find_in_tree(tmp_path).subjects] == [
        "docs/area/a.md::cpu",
        "docs/b.md::to",
        "gallery/area/a.py",
        "gallery/area/b.py",
    ]


def test_what_a_build_wrote_is_no_page(tmp_path: Path) -> None:
    built = {f"docs/{folder}/a.md": page(TO) for folder in ("_build/html", ".cache", "a/_static")}
    write_tree(tmp_path, {"docs/a.md": page(TO), "docs/a.rst": "words", **built})
    assert list(find_files(tmp_path)) == [tmp_path / "docs/a.md"]


def test_tree_without_folders_is_empty(tmp_path: Path) -> None:
    assert find_in_tree(tmp_path).subjects == ()


def test_second_entry_for_a_name_on_the_same_page(tmp_path: Path) -> None:
    again = entry("torch.nn.Module.cpu torch.nn.Module.to", ">>> 2\n2", heading="again")
    text = page(TO, again)
    write_tree(tmp_path, {"docs/a.md": text})
    first, second = line_of(text, "## to"), line_of(text, "## again")
    assert [str(problem) for problem in find_in_tree(tmp_path).problems] == [
        f"docs/a.md:{second}: second entry for torch.nn.Module.to; the first is "
        f"docs/a.md:{first}. Keep one, refer to it from the other"
    ]


def test_second_entry_for_a_name_on_another_page(tmp_path: Path) -> None:
    first, second = page(TO), page("\nWords.\n", TO)
    write_tree(tmp_path, {"docs/a.md": first, "docs/b.md": second})
    found = find_files(tmp_path)
    assert found[tmp_path / "docs/a.md"].problems == ()
    assert [str(problem) for problem in found[tmp_path / "docs/b.md"].problems] == [
        f"docs/b.md:{line_of(second, '## to')}: second entry for torch.nn.Module.to; the first is "
        f"docs/a.md:{line_of(first, '## to')}. Keep one, refer to it from the other"
    ]


def test_a_script_may_use_a_name_that_has_an_entry(tmp_path: Path) -> None:
    write_tree(tmp_path, {"docs/a.md": page(TO), "gallery/a.py": SCRIPT, "gallery/b.py": SCRIPT})
    assert find_in_tree(tmp_path).problems == ()


def test_a_file_that_is_not_utf_8_is_a_problem_of_its_own(tmp_path: Path) -> None:
    write_tree(tmp_path, {"docs/b.md": page(TO), "gallery/a.py": SCRIPT})
    (tmp_path / "docs/a.md").write_bytes(b"# Page\n\n\xe9t\xe9\n")
    (tmp_path / "gallery/b.py").write_bytes(b'"""Title"""\nassert "\xff"\n')
    found = find_in_tree(tmp_path)
    assert [str(problem) for problem in found.problems] == [
        "docs/a.md:3: not UTF-8; save the file as UTF-8",
        "gallery/b.py:2: not UTF-8; save the file as UTF-8",
    ]
    assert [subject.id for subject in found.subjects] == ["docs/b.md::to", "gallery/a.py"]


def test_problems_come_in_the_order_of_file_and_line(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            # A second entry is found when all files are read, after what is wrong further down.
            "docs/b.md": page(TO, entry("torch.nn.Module.cpu", "nothing", "nothing")),
            "docs/a.md": page(TO),
            "gallery/a.py": "print(1)\n",
        },
    )
    problems = find_in_tree(tmp_path).problems
    assert len(problems) == 5
    assert problems[0].message.startswith("second entry")
    assert [(p.file, p.line) for p in problems] == sorted((p.file, p.line) for p in problems)
