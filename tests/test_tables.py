"""The matrix, the page of changes and the note of 2019, in real builds of small sites."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html as lxml_html
from sites import Build, Site, page
from trees import NO_TORCH, section

from torchproof.finding.marks import release_of
from torchproof.finding.subjects import Example, Marks, Subject
from torchproof.finding.then_and_now import Row, read_rows
from torchproof.finding.tree import find_in_tree
from torchproof.records.record import Verdict, verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome, Status
from torchproof.sphinx_ext.directives.release_changes import changes_of

HERE = describe_environment("cpu")
MARKED = ":since: {}\n:change: the answer is `{}`\n>>> 1 + {}\n{}"
PAGE = page(
    section("alike", ">>> 1\n1"),
    section("newer", ">>> absent\n1", options=":since: 2.15"),
    section("differs", ">>> 2\n2")
    + section("", ":until: 2.8\n:change: it was `old`\n>>> old\n1").removeprefix("\n## \n")
    + section("", ":since: 2.9\n:change: it is `new`\n>>> 3\n3").removeprefix("\n## \n"),
    section("words", ">>> import sys\n>>> word = 'ab'[sys.version_info >= (3, 12)]\n>>> 4\n4")
    + section("", ":python: <3.12\n:change: says `a`\n>>> word\n'a'").removeprefix("\n## \n")
    + section("", ":python: 3.12\n:change: says `b`\n>>> word\n'b'").removeprefix("\n## \n"),
    setup=NO_TORCH,
)
ROW = """
[[row]]
id = "{id}"
topic = "Adding"
verdict = "{verdict}"
then = "One and `one`"
then_zh = "一加一"
now = "It is *two*"
subject = "{subject}"
"""
INDEX = """# Index

```{matrix}
```

```{torch-changes}
```

```{then-and-now} rows.toml
```

```{toctree}
:glob:

pages/*
```
"""


def site(root: Path, *, rows: str) -> Site:
    site = Site(root)
    site.write({"docs/index.md": INDEX, "docs/pages/a.md": PAGE, "docs/rows.toml": rows})
    return site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a site with a record of another torch, which has not run one section."""
    made = site(
        tmp_path_factory.mktemp("site"),
        rows=ROW.format(id="M1", verdict="no longer", subject="docs/pages/a.md::alike")
        + '\n[[row]]\nid = "N1"\ntopic = "More"\nverdict = "missing"\nnow = "new"\n'
        'subject = "docs/pages/a.md::differs"\n',
    )
    subjects = find_in_tree(made.root).subjects
    seen = {
        "alike": verdict_of(subjects[0], Outcome("passed")),
        "newer": verdict_of(subjects[1], Outcome("skipped", "since torch 2.15")),
        "differs": Verdict("0" * 20, "passed"),
        "words": verdict_of(subjects[3], Outcome("passed")),
    }
    verdicts = {s.id: seen[s.title] for s in subjects}
    write_verdicts(made.root / "docs/verified", replace(HERE, torch="2.7.1"), verdicts)
    build = made.build()
    # There is no record of the sides of its marks, as the build says.
    warnings = [line for line in build.output.splitlines() if "WARNING" in line]
    assert warnings
    assert all("cannot be decided" in line for line in warnings), build.output
    return build


def rows_of(build: Build, table: str) -> list[list[str]]:
    tree = lxml_html.fromstring(build.page("index"))
    rows = tree.xpath(f"//table[contains(@class, '{table}')]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_matrix_counts_what_makes_sense_in_each_environment(built: Build) -> None:
    assert rows_of(built, "matrix") == [
        ["all", "2 of 3", "3 of 3"],
        ["Page Torchproof", "2 of 3", "✓"],
        ["newer", "since torch 2.15", "since torch 2.15"],
        ["differs", "due", "✓"],
    ]


def test_matrix_lists_environments_with_their_totals(built: Build) -> None:
    build = f"+{HERE.build}" if HERE.build else ""
    cpu, versions = (
        f"CPU, {HERE.system} {HERE.machine}, {HERE.capability}",
        f"{HERE.python}, {HERE.visdom}",
    )
    assert rows_of(built, "environments") == [
        [f"2.7.1{build}", cpu, versions, "2", "0", "1", "1"],
        [f"{HERE.torch}{build}", cpu, versions, "3", "0", "1", "0"],
    ]


def test_verdict_line_groups_releases_by_result(built: Build) -> None:
    text = " ".join(lxml_html.fromstring(built.page("pages/a")).text_content().split())
    here = ".".join(HERE.torch.split(".")[:2])
    assert f"checked: CPU ✓ torch 2.7 {here} · CUDA not yet" in text
    assert f"CPU ✓ torch {here}, not yet as it stands now torch 2.7 · CUDA not yet" in text
    assert f"CPU skipped torch 2.7 {here} (since torch 2.15)" in text


def test_verdict_line_tells_environments_of_one_release_apart(tmp_path: Path) -> None:
    two = Site(tmp_path)
    two.write({"docs/pages/a.md": page(section("alike", ">>> 1\n1"), setup=NO_TORCH)})
    (subject,) = find_in_tree(two.root).subjects
    seen: dict[str, Status] = {"3.12": "passed", "3.14": "failed"}
    for python, status in seen.items():
        verdicts = {subject.id: verdict_of(subject, Outcome(status))}
        write_verdicts(two.root / "docs/verified", replace(HERE, python=python), verdicts)
    build = two.build()
    text = " ".join(lxml_html.fromstring(build.page("pages/a")).text_content().split())
    release = ".".join(HERE.torch.split(".")[:2])
    passed = ", ".join(sorted({"3.12", HERE.python}, key=release_of))
    assert (
        f"CPU ✗ torch {release} (Python 3.14), ✓ torch {release} (Python {passed}) · CUDA" in text
    )


def test_marked_example_says_its_releases(built: Build) -> None:
    text = " ".join(lxml_html.fromstring(built.page("pages/a")).text_content().split())
    assert "since torch 2.9 it is `new`" in text or "since torch 2.9 it is new" in text


def test_changes_are_told_by_release_before_and_after(built: Build) -> None:
    tree = lxml_html.fromstring(built.page("index"))
    heads = [head.text_content() for head in tree.xpath("//h2") if "In " in head.text_content()]
    assert [re.sub(r"\W+$", "", head) for head in heads] == [
        "In torch 2.15",
        "In torch 2.9",
        "In Python 3.12",
    ]
    assert rows_of(built, "changes") == [
        ["differs Page", "it was old", "it is new"],
        ["words Page", "says a", "says b"],
    ]
    assert "newer is new Page" in " ".join(tree.text_content().split())


def test_links_lead_to_the_sections(built: Build) -> None:
    tree = lxml_html.fromstring(built.page("index"))
    targets = set(tree.xpath("//table//a[contains(@class, 'reference')]/@href"))
    assert {"pages/a.html#alike", "pages/a.html#differs", "pages/a.html#newer"} <= targets


def test_rows_of_the_note_are_shown_with_verdict_and_proof(built: Build) -> None:
    assert rows_of(built, "then-and-now") == [
        ["M1", "一加一One and one", "no longer true It is two Proof: alike"],
        ["N1", "says nothing of this", "not in the note new Proof: differs"],
    ]
    assert 'lang="zh-Hans"' in built.page("index")
    assert "<em>two</em>" in built.page("index")


def test_change_of_a_mark_with_both_ends_is_told_twice() -> None:
    marks = Marks(since="2.9", until="2.11")
    subject = Subject("docs/a.md::b", "entry", "docs/a.md", 1, "b", (), marks=marks)
    assert [(c.release, c.before, c.after, c.new) for c in changes_of(subject)] == [
        (("torch", 2, 12), ("b",), (), True),
        (("torch", 2, 9), (), ("b",), True),
    ]


def test_change_by_torch_and_python_is_told_under_torch() -> None:
    example = Example(1, (), marks=Marks(since="2.9", python="3.13"), change="b")
    subject = Subject("docs/a.md::b", "entry", "docs/a.md", 1, "b", (), examples=(example,))
    (change,) = changes_of(subject)
    assert change.release == ("torch", 2, 9)
    assert change.after == ("b (on Python 3.13 and later)",)


GOOD = ROW.format(id="M1", verdict="holds", subject="docs/a.md::b")


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (GOOD.replace("holds", "maybe"), 2, "row M1: 'maybe' is no verdict; known are holds, "),
        (GOOD.replace("::b", "::c"), 2, "row M1: there is no subject docs/a.md::c; name the"),
        (GOOD.replace("::b", "::due"), 2, "row M1: docs/a.md::due passed nowhere as it stands"),
        (GOOD.replace('subject = "docs/a.md::b"', ""), 2, "row M1 has no subject"),
        (GOOD.replace("then =", "than ="), 2, "row M1 has no then"),
        (GOOD.replace('topic = "Adding"', 'topic = ""'), 2, "row M1 has no topic"),
        (GOOD + "\n" + GOOD, 12, "second row M1, the first is in line 2"),
        (GOOD + "\n=", 11, "not TOML: "),
        ("row = [{}]\n", 1, "a row begins with [[row]] on a line of its own"),
    ],
)
def test_row_without_proof_is_an_error_with_its_line(
    tmp_path: Path, rows: str, line: int, message: str
) -> None:
    path = tmp_path / "rows.toml"
    path.write_text(rows, encoding="utf-8")
    known = ["docs/a.md::b", "docs/a.md::due"]
    _, problems = read_rows(path, holding=known[:1], known=known)
    assert [(p.file, p.line) for p in problems][:1] == [(str(path), line)]
    assert problems[0].message.startswith(message)


def test_good_rows_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.toml"
    path.write_text(GOOD, encoding="utf-8")
    rows, problems = read_rows(path, holding=["docs/a.md::b"], known=["docs/a.md::b"])
    assert problems == []
    assert rows == [
        Row("M1", "Adding", "holds", "It is *two*", "docs/a.md::b", "One and `one`", "一加一")
    ]


def test_row_of_the_note_without_a_subject_fails_the_build(tmp_path: Path) -> None:
    rows = ROW.format(id="M1", verdict="holds", subject="docs/pages/a.md::gone")
    build = site(tmp_path, rows=rows).build()
    assert build.status == 1
    assert "rows.toml:2: WARNING: row M1: there is no subject docs/pages/a.md::gone" in build.output
