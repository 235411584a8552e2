"""A proof runs what is due and nothing else, and loses nothing when it is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sites import entry, page
from trees import NO_TORCH, PATIENCE, Ear, line_of, section, write_tree

from torchproof.finding.tree import find_in_tree
from torchproof.pictures.kinds import Graph
from torchproof.records.proof import Announce, DrawingStore, Proof, prove
from torchproof.records.record import read_record, verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome
from torchproof.running.worker import Worker

STREAMS = "```{subject}\n:only: cuda\n:because: of CUDA\n```\n\n```{doctest}\n"
FILES = {
    "docs/a.md": page(entry("torch.nn.Module.to", ">>> 1\n1"), setup=NO_TORCH),
    "docs/b.md": page(
        f"\n## streams\n\n{STREAMS}>>> 1\n1\n```\n",
        section("wrong", ">>> 1 + 1\n3"),
        setup=NO_TORCH,
    ),
    "gallery/c.py": '"""Title"""\nassert 1\n',
}
IDS = ["docs/a.md::to", "docs/b.md::streams", "docs/b.md::wrong", "gallery/c.py"]
RIGHT = FILES["docs/b.md"].replace("1 + 1\n3", "1 + 1\n2")


def proof_of(root: Path, announce: Announce = lambda _: None) -> Proof:
    return prove(
        find_in_tree(root),
        root=root,
        verified=root / "docs/verified",
        cache=root / "docs/_build/torchproof",
        jobs=2,
        announce=announce,
    )


def cached_record(root: Path) -> Path:
    (path,) = (root / "docs/_build/torchproof/outcomes").iterdir()
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Proof]:
    root = write_tree(tmp_path_factory.mktemp("proved"), FILES)
    return root, proof_of(root)


@pytest.fixture
def root(first: tuple[Path, Proof], tmp_path: Path) -> Path:
    """Return a copy of a tree that was proved once, with one subject that fails."""
    return shutil.copytree(first[0], tmp_path / "tree")


def test_first_proof_runs_everything_and_says_what_fails(first: tuple[Path, Proof]) -> None:
    _, proof = first
    assert list(proof.ran) == IDS
    statuses = {
        subject.id: [verdict.status for verdict in proof.verdicts(subject).values()]
        for subject in proof.found.subjects
    }
    assert list(statuses.values()) == [["passed"], ["skipped"], ["failed"], ["passed"]]
    assert [s.id for s in proof.found.subjects if proof.holds(s)] == [IDS[0], IDS[3]]
    (problem,) = proof.problems
    assert str(problem) == (
        f"docs/b.md:{line_of(FILES['docs/b.md'], '1 + 1')}:     1 + 1\n"
        "expected:\n    3\ngot:\n    2"
    )


def test_second_proof_runs_what_failed_and_nothing_else(root: Path) -> None:
    proof = proof_of(root)
    assert proof.ran == ("docs/b.md::wrong",)
    assert [problem.file for problem in proof.problems] == ["docs/b.md"]


def test_proof_of_what_holds_runs_nothing_and_starts_no_process(root: Path) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    said: list[str] = []
    proof = proof_of(root, said.append)
    assert said == ["running 1 of 4 subjects"]
    assert proof.ran == ("docs/b.md::wrong",)
    assert proof.problems == ()
    children = psutil.Process().children()
    proof = proof_of(root, said.append)
    assert proof.ran == ()
    assert len(said) == 1
    assert psutil.Process().children() == children
    assert all(proof.verdicts(subject) for subject in proof.found.subjects)


def test_only_what_was_edited_runs(root: Path) -> None:
    edited = FILES["docs/a.md"].replace(">>> 1\n1", ">>> 3\n3")
    wrong = page(section("wrong", "no statement"), setup=NO_TORCH)
    write_tree(root, {"docs/a.md": f"{edited}\nMore words.\n", "docs/c.md": wrong})
    (root / "docs/b.md").unlink()
    proof = proof_of(root)
    assert proof.ran == ("docs/a.md::to",)
    assert [problem.file for problem in proof.problems] == ["docs/c.md"]
    # What no longer exists is forgotten.
    verdicts = read_record(cached_record(root)).verdicts
    assert set(verdicts) == {"docs/a.md::to", "gallery/c.py"}


def test_what_a_committed_record_saw_does_not_run(root: Path) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    shutil.rmtree(root / "docs/_build")
    verdicts = {s.id: verdict_of(s, Outcome("passed")) for s in find_in_tree(root).subjects[1:]}
    write_verdicts(root / "docs/verified", describe_environment("cpu"), verdicts)
    assert proof_of(root).ran == ("docs/a.md::to",)
    # What this build saw and what the record saw count together.
    assert proof_of(root).ran == ()


@pytest.mark.parametrize("field", ["visdom", "capability", "build", "machine"])
def test_what_another_environment_saw_is_due_here(root: Path, field: str) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    shutil.rmtree(root / "docs/_build")
    other = replace(describe_environment("cpu"), **{field: "other"})
    verdicts = {s.id: verdict_of(s, Outcome("passed")) for s in find_in_tree(root).subjects}
    write_verdicts(root / "docs/verified", other, verdicts)
    assert list(proof_of(root).ran) == IDS


def test_what_another_checker_passed_is_due(root: Path) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    shutil.rmtree(root / "docs/_build")
    subjects = find_in_tree(root).subjects
    looser = {s.id: replace(verdict_of(s, Outcome("passed")), code="looser") for s in subjects[1:]}
    seen = {subjects[0].id: verdict_of(subjects[0], Outcome("passed"))}
    write_verdicts(root / "docs/verified", describe_environment("cpu"), {**seen, **looser})
    assert list(proof_of(root).ran) == IDS[1:]


def test_another_environment_proves_nothing_for_this_one(root: Path) -> None:
    path = cached_record(root)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["environment"]["torch"] = "2.12.0"
    path.unlink()
    write_tree(root, {"docs/b.md": RIGHT, "docs/verified/other.json": json.dumps(data)})
    proof = proof_of(root)
    assert list(proof.ran) == IDS
    by_torch = {
        environment.torch: verdict.status
        for environment, verdict in proof.verdicts(proof.found.subjects[0]).items()
    }
    assert by_torch == {"2.12.0": "passed", describe_environment("cpu").torch: "passed"}


def test_cache_that_cannot_be_read_is_made_again(root: Path) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    cached_record(root).write_text('{"schema": 1, "envi', encoding="utf-8")
    proof = proof_of(root)
    assert list(proof.ran) == IDS
    assert proof.problems == ()


def test_drawings_are_kept_and_a_subject_without_its_own_runs_again(tmp_path: Path) -> None:
    graph = ":graph: y\n>>> y = torch.ones(1, requires_grad=True) * 2\n>>> y.item()\n2.0"
    skipped = f"\n## streams\n\n{STREAMS}:graph: y\n>>> y = 1\n>>> y\n1\n```\n"
    root = write_tree(tmp_path, {"docs/a.md": page(section("graph", graph), skipped)})
    proof = proof_of(root)
    assert proof.problems == ()
    (drawing,) = proof.drawings["docs/a.md::graph"]
    assert isinstance(drawing.shown, Graph) and drawing.shown.name == "y"
    proof = proof_of(root)
    assert proof.ran == ()
    assert list(proof.drawings["docs/a.md::graph"]) == [drawing]
    (path,) = (root / "docs/_build/torchproof/drawings").iterdir()
    for text in ('[{"example": 0', "[1]"):
        path.write_text(text, encoding="utf-8")
        assert DrawingStore(path.parent).read(proof.found.subjects[0]) == ()
    assert proof_of(root).ran == ("docs/a.md::graph",)


def test_committed_record_that_cannot_be_read_is_a_problem(root: Path) -> None:
    write_tree(root, {"docs/b.md": RIGHT})
    data = json.loads(cached_record(root).read_text(encoding="utf-8"))
    data["environment"]["torch"] = "2.12.0"
    write_tree(
        root,
        {"docs/verified/a.json": '{"schema": 1,\n', "docs/verified/b.json": json.dumps(data)},
    )
    proof = proof_of(root)
    (problem,) = proof.problems
    assert problem.file == str(root / "docs/verified/a.json")
    assert problem.message.startswith("line 2: not a complete record")
    assert problem.message.endswith("delete it and run `tox -e doctest -- --record`")
    # The others still count.
    assert {record.environment.torch for record in proof.records} >= {"2.12.0"}


PROVE = """
import signal
import sys
import threading
from pathlib import Path
from torchproof.records.proof import prove
from torchproof.finding.tree import find_in_tree
from torchproof.running.worker import Worker

# Whoever starts the tests in the background has SIGINT ignored, which is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
root = Path(sys.argv[1])
folders = {"verified": root / "docs/verified", "cache": root / "docs/_build/torchproof"}
prove(find_in_tree(root), root=root, **folders, jobs=1)
"""


def test_interrupted_proof_keeps_what_it_saw_and_leaves_no_process(
    tmp_path: Path,
) -> None:
    ear = Ear(tmp_path)
    says = ear.say("(os.getpid(), os.getppid())")
    slow = f">>> import os, threading\n{says}\n>>> _ = threading.Event().wait()\n>>> 1\n1"
    root = write_tree(
        tmp_path / "tree",
        {
            "docs/a.md": page(section("quick", ">>> 1\n1"), section("slow", slow), setup=NO_TORCH),
            "docs/b.md": page(section("later", ">>> 1\n1"), setup=NO_TORCH),
        },
    )
    process = subprocess.Popen(
        [sys.executable, "-c", PROVE, str(root)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    subject, parent = map(int, ear.heard().strip("()").split(","))
    ear.close()
    children = [psutil.Process(pid) for pid in (subject, parent)]
    # As a terminal does on Ctrl-C: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT
    assert errors.strip().endswith("KeyboardInterrupt")
    assert "fork_server" not in errors
    assert psutil.wait_procs(children, PATIENCE)[1] == []
    assert set(read_record(cached_record(root)).verdicts) == {"docs/a.md::quick"}
    quick = section("slow", ">>> 2\n2")
    write_tree(root, {"docs/a.md": page(section("quick", ">>> 1\n1"), quick, setup=NO_TORCH)})
    assert proof_of(root).ran == ("docs/a.md::slow", "docs/b.md::later")


def test_what_fails_before_anything_ran_leaves_the_cache_alone(root: Path) -> None:
    before = cached_record(root).read_bytes()

    def refuse(message: str) -> None:
        raise KeyboardInterrupt(message)

    with pytest.raises(KeyboardInterrupt, match="running 1 of 4 subjects"):
        proof_of(root, refuse)
    assert cached_record(root).read_bytes() == before


def test_what_could_not_run_here_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = section("click", ">>> 1\n1", options=":needs: browser")
    root = write_tree(tmp_path, {"docs/a.md": page(block, setup=NO_TORCH)})
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "nowhere")
    assert proof_of(root).ran == ("docs/a.md::click",)
    assert proof_of(root).ran == ("docs/a.md::click",), "a browser may have come"
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", sys.executable)
    proof = proof_of(root)
    assert [v.status for s in proof.found.subjects for v in proof.verdicts(s).values()] == [
        "passed"
    ]
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "nowhere")
    assert proof_of(root).ran == (), "it was seen to pass"


def test_interrupted_proof_leaves_a_lent_worker_running(tmp_path: Path, ear: Ear) -> None:
    block = f"{ear.say('1')}\n>>> _ = threading.Event().wait()\n>>> 1\n1"
    files = {"docs/a.md": page(section("slow", block), section("b", ">>> 1\n1"), setup=NO_TORCH)}
    root = write_tree(tmp_path / "tree", files)
    found = find_in_tree(root)
    with Worker(root=root, subjects=found.subjects) as worker:
        worker.environment("cpu")
        before = worker.pid

        def interrupt() -> None:
            ear.heard()
            os.kill(os.getpid(), signal.SIGINT)

        interrupting = threading.Thread(target=interrupt)
        # Whoever starts the tests in the background has SIGINT ignored, which is inherited.
        before_test = signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            prove(
                found,
                root=root,
                verified=root / "docs/verified",
                cache=root / "cache",
                jobs=1,
                worker=worker,
            )
        interrupting.join()
        signal.signal(signal.SIGINT, before_test)
        quick = next(subject for subject in found.subjects if subject.id.endswith("::b"))
        assert worker.run(quick, "cpu").status == "passed"
        assert worker.pid == before
