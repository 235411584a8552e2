"""Results of planted faults: files, scores, the list of equivalent ones, what a session chooses."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from trees import NO_TORCH, one_subject

from torchproof.finding.subjects import Subject
from torchproof.mutants.equivalent import Equivalents, read_equivalents
from torchproof.mutants.front_end import BUNDLE, text_faults, with_fault
from torchproof.mutants.hunting import Normal, Trial
from torchproof.mutants.recorded import read_recorded
from torchproof.mutants.results import (
    Area,
    Result,
    ResultsError,
    digest_of_subjects,
    is_current,
    read_area,
    write_area,
)
from torchproof.mutants.score import lines_of, score
from torchproof.mutants.session import Choice, changed_files, chosen

CAUGHT = Result("a.b:negate:1", "a.b", "negate", "caught", "d", by="docs/a.md::b", how="line 3: 4")
SURVIVOR = Result(
    *("a.b:constant:2", "a.b", "constant", "survived", "d"),
    tried=("docs/a.md::b",),
    place="torch/a.py:7",
    before="x = 1",
    after="x = 2",
)
UNREACHED = replace(SURVIVOR, id="a.c:drop-raise:3", name="a.c", status="unreached", after="")
AREA = Area(
    "autograd",
    {"torch": "2.13.0"},
    {"a.b": 3, "a.c": 1},
    {result.id: result for result in (CAUGHT, SURVIVOR, UNREACHED)},
)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_area(tmp_path, AREA)
    assert read_area(tmp_path, "autograd") == AREA
    assert read_area(tmp_path, "visdom") is None
    # One line for each, so that a diff names what changed.
    lines = (tmp_path / "autograd.json").read_text().splitlines()
    assert [line.split('"')[1] for line in lines if '"status"' in line] == sorted(AREA.results)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": 1,\n "versions"', r"autograd.json:\d: not a complete file of results"),
        ('{"schema": 0}', "results of another format; delete it and run `tox -e mutants`"),
        (
            '{"schema": 1, "versions": {}, "generated": {}, "results": {"x": {"nam": 1}}}',
            "a field is missing or unknown",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "autograd.json").write_text(text)
    with pytest.raises(ResultsError, match=message):
        read_area(tmp_path, "autograd")
    (problem,) = read_recorded(tmp_path).problems
    assert problem.file.endswith("autograd.json")


def test_a_score_counts_what_can_be_noticed() -> None:
    whole = score(AREA, Equivalents())
    assert (whole.caught, whole.counted, whole.untried) == (1, 3, 1)
    assert [result.id for result in whole.survivors] == [SURVIVOR.id, UNREACHED.id]
    less = score(AREA, Equivalents({UNREACHED.id: "dead code"}))
    assert (less.caught, less.counted, less.equivalent, less.percent) == (1, 2, 1, 50.0)
    assert score(AREA, Equivalents(), names=["a.c"]).counted == 1
    lines = "\n".join(lines_of(AREA, Equivalents()))
    assert "autograd: 1 of 3 caught (33.3 %), 0 equivalent, 1 not tried" in lines
    assert "a.c:drop-raise:3 torch/a.py:7, which no example runs" in lines
    assert "+ x = 2" in lines


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[[equivalent]]\nreason = "r"\nfaults = ["a.b:negate:1"]', 1, "was caught, so it is not"),
        (
            '\n[[equivalent]]\nreason = "r"\nfaults = ["gone"]',
            2,
            "gone is not among the faults: the code has changed",
        ),
        ('[[equivalent]]\nfaults = ["a.b:constant:2"]', 1, "without `reason`"),
        ('[[equivalent]]\nreason = "r"', 1, "without `faults`"),
        ('[[equivalent]]\nreason = "r"\nfaults = ["a.b:constant:2"]\nx = 1', 1, "unknown key: x"),
        (
            '[[equivalent]]\nreason = "r"\nfaults = ["a.b:constant:2", "a.b:constant:2"]',
            1,
            "a.b:constant:2 stands here twice",
        ),
        ('[[equivalent]\nreason = "r"', 1, "not TOML"),
        ('[[same]]\nreason = "r"', 1, "begins with [[equivalent]]"),
    ],
)
def test_a_wrong_list_of_equivalent_faults(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text(text)
    known = {result.id: result.status for result in AREA.results.values()}
    problems = read_equivalents(path, known).problems
    assert problems[0].line == line
    assert message in problems[0].message


def test_an_equivalent_fault_does_not_count(tmp_path: Path) -> None:
    write_area(tmp_path, AREA)
    text = '[[equivalent]]\nreason = "dead code"\nfaults = ["a.c:drop-raise:3"]\n'
    (tmp_path / "equivalent.toml").write_text(text)
    recorded = read_recorded(tmp_path)
    assert recorded.problems == ()
    assert recorded.score_of(["a.b", "a.c"]).counted == 2
    assert read_recorded(tmp_path / "nothing").areas == ()


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A subject of a page."""
    return one_subject(tmp_path_factory.mktemp("page"), ">>> 1\n1", setup=NO_TORCH)


def test_a_result_is_due_when_what_decided_it_changes(subject: Subject) -> None:
    edited = replace(subject, digest="other")
    digest = digest_of_subjects([subject])
    caught = replace(CAUGHT, by=subject.id, digest=digest)
    survivor = replace(SURVIVOR, tried=(), digest=digest)
    for result in (caught, survivor):
        assert is_current(result, subjects={subject.id: subject}, candidates=[subject])
        assert not is_current(result, subjects={subject.id: edited}, candidates=[edited])
    # Another subject might notice what survived, and not what was caught.
    more = replace(subject, id="docs/page.md::more")
    subjects = {subject.id: subject, more.id: more}
    assert is_current(caught, subjects=subjects, candidates=[subject, more])
    assert not is_current(survivor, subjects=subjects, candidates=[subject, more])


def trial(subject: Subject, number: int, name: str = "a.b") -> Trial:
    fault = replace(CAUGHT, id=f"{name}:{number}", name=name)
    return Trial(fault, (subject,), lambda _: None)


def test_a_session_takes_what_is_chosen(subject: Subject) -> None:
    trials = [trial(subject, n) for n in range(20)]
    other = trial(replace(subject, id="docs/b.md::c", file="docs/b.md"), 0, "a.c")
    assert chosen([*trials, other], Choice(entries=("a.c",)), done=()) == [other]
    assert chosen([*trials, other], Choice(entries=("b.md::c",)), done=()) == [other]
    since = Choice(files=frozenset({"docs/b.md"}))
    assert chosen([*trials, other], since, done=()) == [other]
    sample = chosen(trials, Choice(sample=5, seed=1), done=())
    assert len(sample) == 5
    # A sample stays the same while its results come in.
    done = [sample[0].fault.id]
    assert chosen(trials, Choice(sample=5, seed=1), done=done) == sample[1:]
    assert chosen(trials, Choice(sample=5, seed=2), done=()) != sample


def test_since_names_the_pages_that_differ(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        names = ["-c", "user.name=n", "-c", "user.email=e"]
        subprocess.run(["git", *names, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "docs").mkdir()
    for name in ("docs/a.md", "docs/b.md", "README.md"):
        (tmp_path / name).write_text("before")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "before")
    for name in ("docs/b.md", "README.md"):
        (tmp_path / name).write_text("after")
    assert changed_files("HEAD", root=tmp_path) == {"docs/b.md"}
    with pytest.raises(ValueError, match=r"--since nowhere: .*nowhere"):
        changed_files("nowhere", root=tmp_path)


def test_the_subjects_to_try_run_the_code_of_the_fault(subject: Subject) -> None:
    others = [replace(subject, id=f"docs/page.md::{name}") for name in ("slow", "quick", "unfit")]
    everyone = [subject, *others]
    normal = Normal(
        seconds={s.id: 2.0 if "slow" in s.id else 1.0 for s in everyone},
        reached={s.id: frozenset({"here"}) for s in everyone},
        unfit={"docs/page.md::unfit": "failed without a fault"},
    )
    plan = replace(trial(subject, 1), probe="here", others=everyone)
    assert [s.id for s in normal.reaching(plan)] == [subject.id, others[1].id, others[0].id]
    assert [s.id for s in normal.reaching(replace(plan, most=1))] == [subject.id, others[1].id]
    assert normal.reaching(replace(plan, probe="elsewhere")) == []
    # Probes may disturb a subject; then nobody knows, and it runs.
    normal.reached[subject.id] = None
    assert normal.reaching(replace(plan, probe="elsewhere")) == [subject]


def test_the_front_end_is_changed_in_visdom_s_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torchproof.mutants.front_end.ONE_IN", 1)
    bundle = 'var a=1;b(x===y&&"on");var z=7'
    static = tmp_path / "original"
    (static / "js").mkdir(parents=True)
    (static / "style.css").write_text("p {}")
    (static / BUNDLE).write_text(bundle)
    # The first 8 columns come from a library, then 15 from line 3 of the front end, then none.
    (static / "js/main.js.map").write_text(
        '{"version": 3, "sources": ["webpack://visdom/./node_modules/a.js",'
        ' "webpack://visdom/./js/Pane.js"], "names": [], "mappings": "AAAA,QCEA,eDAA"}'
    )
    faults = list(text_faults(static))
    assert {(f.place, f.kind, f.new) for f in faults} == {
        ("visdom/js/Pane.js:3", "comparison", "!=="),
        ("visdom/js/Pane.js:3", "connective", "||"),
        ("visdom/js/Pane.js:3", "text", '"onx"'),
    }
    assert len({f.id for f in faults}) == 3
    changed = with_fault(faults[0], static, tmp_path / "run")
    assert (changed / BUNDLE).read_text() == 'var a=1;b(x!==y&&"on");var z=7'
    assert (changed / "style.css").read_text() == "p {}"
    # Visdom's server follows no link that leads out of its folder.
    assert not (changed / "style.css").is_symlink()
    assert (static / BUNDLE).read_text() == bundle
