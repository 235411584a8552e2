"""The reading order of the scripts, and what can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import one_script, write_tree

from torchproof.finding.reading_order import ReadingOrder, read_order
from torchproof.finding.reading_time import minutes_to_read
from torchproof.finding.scripts import question_of
from torchproof.finding.subjects import Problem
from torchproof.finding.tree import find_in_tree

SCRIPT = '"""\nFinding {}\n=========\n\nWhat is it? This.\n"""\nassert True\n'
CHAPTER = '[[chapter]]\nheading = "One"\nabout = "First."\nscripts = [\n{}\n]\n'


def order(root: Path, toml: str) -> tuple[ReadingOrder, tuple[Problem, ...]]:
    files = {f"gallery/area/{name}.py": SCRIPT.format(name) for name in "abc"}
    write_tree(root, {**files, "docs/learn.toml": toml})
    return read_order(root / "docs/learn.toml", find_in_tree(root), root=root)


def chapter(*names: str) -> str:
    return CHAPTER.format("\n".join(f'  "gallery/area/{name}.py",' for name in names))


def test_each_script_has_the_ones_before_and_after(tmp_path: Path) -> None:
    found, problems = order(tmp_path, chapter("b", "a") + chapter("c"))
    assert problems == ()
    assert [script.title for script in found.scripts] == ["Finding b", "Finding a", "Finding c"]
    before, after = found.around("gallery/area/a.py")
    assert before and after
    assert [before.title, after.title] == ["Finding b", "Finding c"]
    assert found.around("gallery/area/b.py")[0] is None
    assert found.around("gallery/area/c.py")[1] is None
    place = found.place("gallery/area/c.py")
    assert place and place[0] == 2


def test_without_the_file_there_is_no_order_and_nothing_is_wrong(tmp_path: Path) -> None:
    write_tree(tmp_path, {"gallery/area/a.py": SCRIPT})
    path = tmp_path / "docs/learn.toml"
    assert read_order(path, find_in_tree(tmp_path), root=tmp_path) == (ReadingOrder(), ())


@pytest.mark.parametrize(
    ("toml", "file", "line", "message"),
    [
        (chapter("a", "b"), "gallery/area/c.py", 1, "no place in the reading order"),
        (chapter("a", "b", "c", "d"), "docs/learn.toml", 8, "no script gallery/area/d.py"),
        (chapter("a", "b", "c", "a"), "docs/learn.toml", 8, "stands in line 5 already"),
        (chapter("a", "b", "c").replace("[\n", "\n"), "docs/learn.toml", 4, "not TOML"),
        ('[chapter]\nheading = "One"\n', "docs/learn.toml", 1, "begins with [[chapter]]"),
        (
            chapter("a", "b") + chapter("c").replace('about = "First."\n', ""),
            "docs/learn.toml",
            8,
            "chapter 'One' without about",
        ),
        (
            chapter("a", "b", "c").replace("scripts", "script"),
            "docs/learn.toml",
            1,
            "chapter 'One' without scripts",
        ),
    ],
)
def test_what_is_wrong_has_file_and_line(
    tmp_path: Path, toml: str, file: str, line: int, message: str
) -> None:
    _, problems = order(tmp_path, toml)
    assert any((p.file, p.line) == (file, line) and message in p.message for p in problems), (
        problems
    )


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("It is so. Is it? Yes: it is. Why?", "It is so. Is it?"),
        ("A state_dict\nis alive. It changes.", "A state_dict is alive."),
        ("What does torch.nn do with v0.5 here? This.", "What does torch.nn do with v0.5 here?"),
    ],
)
def test_the_question_of_a_script_is_in_its_docstring(
    tmp_path: Path, text: str, asked: str
) -> None:
    source = f'"""\nFinding\n=======\n\n{text}\n\nMore? No.\n"""\nassert True\n'
    assert question_of(one_script(tmp_path, source)) == asked


@pytest.mark.parametrize(
    ("prose", "code", "minutes"),
    [
        (100, 1, 1),
        # Two minutes of prose, one of code; one more line begins another minute.
        (400, 15, 3),
        (400, 16, 4),
    ],
)
def test_the_time_to_read_counts_words_and_lines_of_code(
    tmp_path: Path, prose: int, code: int, minutes: int
) -> None:
    # The title has one word; underlines, markers and blank lines are neither words nor code.
    half = prose // 2
    source = '"""\nFinding\n=======\n\n' + " ".join(["word"] * (half - 1)) + '\n"""\n\n'
    source += "# %%\n# " + " ".join(["word"] * (prose - half)) + "\n# ----\n#\n\n"
    source += "\n\n".join(["assert True  # so it is"] * code) + "\n"
    assert minutes_to_read(one_script(tmp_path, source)) == minutes
