"""The plugin in real pytest runs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest
from sites import entry, page
from trees import NO_TORCH, line_of, section, write_tree

from torchproof.finding.tree import find_in_tree
from torchproof.hosts.gpu_memory import VARIABLE, share_memory
from torchproof.hosts.pytest_summary import _WRITTEN_AFTER
from torchproof.records.record import Verdict, read_record, verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome

CUDA = "```{subject}\n:only: cuda\n:because: streams are of CUDA\n```\n\n```{doctest}\n>>> 1\n1"
FILES = {
    "pytest.ini": "[pytest]\ntestpaths = docs gallery\n"
    "addopts = -p torchproof.hosts.pytest_plugin\n",
    "docs/a.md": page(
        entry("torch.nn.Module.to", ">>> sys.byteorder\n'little'", ">>> 1\n1"),
        entry("torch.nn.Module.zero_grad", ">>> x = 1\n>>> x + 1\n3"),
        f"\n## streams\n\n{CUDA}\n```\n",
        setup=NO_TORCH,
    ),
    # The slowest.
    "docs/area/b.md": page(
        section("two words", ">>> 1\n1\n>>> assert sum(range(5_000_000))"), setup=NO_TORCH
    ),
    # pytest must not import it.
    "gallery/x/y.py": '"""Title"""\nassert __name__ == "__main__"\n',
}
IDS = [
    *("docs/a.md::to[cpu]", "docs/a.md::zero_grad[cpu]", "docs/a.md::streams[cpu]"),
    *("docs/area/b.md::two-words[cpu]", "gallery/x/y.py[cpu]"),
]
BAD = page(entry("torch.nn.Module.cpu", "no statement"))


@dataclass(frozen=True)
class Run:
    """What a run of pytest left."""

    status: int
    output: str

    @property
    def collected(self) -> list[str]:
        """Return the ids of `--collect-only -q`."""
        return [line for line in self.output.splitlines() if line.endswith("]")]


def pytest_in(root: Path, *arguments: str, cache: bool = False) -> Run:
    # tox gives pytest a folder for all caches.
    caching = ("-o", "cache_dir=.cache") if cache else ("-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *caching, *arguments]
    # The tests say what happens without a GPU, also where there is one.
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    return Run(done.returncode, done.stdout + done.stderr)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path, FILES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    root = write_tree(tmp_path_factory.mktemp("run"), FILES)
    return root, pytest_in(root, "-v", "-rs", "--device", "cpu", "--junitxml=junit.xml")


def test_help_starts_nothing(root: Path) -> None:
    flag = root / "started"
    patch = write_tree(root, {"patch.py": f"open({str(flag)!r}, 'w').close()\n"}) / "patch.py"
    help_run = pytest_in(root, "--patch", str(patch), "--help")
    assert "--no-fork" in help_run.output
    assert not flag.exists()
    # Whatever it runs, it runs with the patch.
    assert pytest_in(root, "gallery", "--patch", str(patch)).status == pytest.ExitCode.OK
    assert flag.exists()


def test_pages_are_read_again_once_they_change(root: Path) -> None:
    collect = ("--collect-only", "-q", "--device", "cpu")
    assert pytest_in(root, *collect, cache=True).collected == IDS
    (known,) = root.rglob("found.json")
    text = known.read_text(encoding="utf-8")
    known.write_text(text.replace("two-words", "known"), encoding="utf-8")
    assert "docs/area/b.md::known[cpu]" in pytest_in(root, *collect, cache=True).collected
    other = page(section("three words", ">>> 1\n1"), setup=NO_TORCH)
    (root / "docs/area/b.md").write_text(other, encoding="utf-8")
    found = pytest_in(root, *collect, cache=True).collected
    assert found == [*IDS[:3], "docs/area/b.md::three-words[cpu]", IDS[4]]


def test_each_subject_is_an_item_on_each_device(run: tuple[Path, Run]) -> None:
    found = re.findall(r"^(\S+\[cpu\]) (\w+)", run[1].output, re.MULTILINE)
    assert found == list(zip(IDS, ["PASSED", "FAILED", "SKIPPED", "PASSED", "PASSED"], strict=True))
    assert run[1].status == pytest.ExitCode.TESTS_FAILED


def test_failure_shows_file_line_statement_expected_and_got(run: tuple[Path, Run]) -> None:
    line = line_of(FILES["docs/a.md"], ">>> x + 1")
    shown = f"docs/a.md:{line}:\n    x + 1\nexpected:\n    3\ngot:\n    2\n"
    assert shown in run[1].output
    assert "pytest_plugin.py" not in run[1].output.partition("FAILURES")[2]


def test_skipped_subject_shows_its_reason(run: tuple[Path, Run]) -> None:
    line = line_of(FILES["docs/a.md"], "## streams")
    shown = f"SKIPPED [1] docs/a.md:{line}: only on cuda: streams are of CUDA\n"
    assert shown in run[1].output


def test_summary_says_what_was_checked_where_and_how_long_it_took(run: tuple[Path, Run]) -> None:
    lines = run[1].output.partition("= torchproof =")[2].splitlines()[1:4]
    environment = describe_environment("cpu")
    build = f"+{environment.build}" if environment.build else ""
    assert lines[:2] == [
        "cpu: 5 subjects (1 failed, 3 passed, 1 skipped), 4 examples, 5 checked outputs",
        f"     torch {environment.torch}{build}, visdom {environment.visdom}, "
        f"Python {environment.python}, {environment.system} {environment.machine}, "
        f"{environment.capability}",
    ]
    slowest = re.findall(r"(\S+\[cpu\]) (\d+\.\d\d) s", lines[2])
    assert lines[2].startswith("slowest: ")
    assert {name for name, _ in slowest} == set(IDS)
    assert slowest[0][0] == IDS[3]
    assert [float(s) for _, s in slowest] == sorted((float(s) for _, s in slowest), reverse=True)


def test_junit_has_device_and_outcome_of_each_subject(run: tuple[Path, Run]) -> None:
    cases = ET.parse(run[0] / "junit.xml").getroot().iter("testcase")
    found = {}
    for case in cases:
        properties = {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        found[case.attrib["name"]] = (properties["device"], properties["outcome"])
        assert len(properties["digest"]) == 20
    assert found == {
        "to[cpu]": ("cpu", "passed"),
        "zero_grad[cpu]": ("cpu", "failed"),
        "streams[cpu]": ("cpu", "skipped"),
        "two-words[cpu]": ("cpu", "passed"),
        "gallery.x.y.py[cpu]": ("cpu", "passed"),
    }


@pytest.mark.parametrize("name", IDS)
def test_each_id_selects_its_subject_alone(root: Path, name: str) -> None:
    run = pytest_in(root, "--collect-only", "-q", name)
    assert run.collected == [name]
    assert run.status == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], IDS),
        (["gallery/x/y.py"], IDS[4:]),
        (["docs/a.md::to[cpu]", "gallery/x/y.py[cpu]"], [IDS[0], IDS[4]]),
        (["-k", "zero_grad"], IDS[1:2]),
        (["-k", "torch.nn.Module.to or script"], [IDS[0], IDS[4]]),
    ],
)
def test_files_and_words_select_subjects(
    root: Path, arguments: list[str], expected: list[str]
) -> None:
    assert pytest_in(root, "--collect-only", "-q", *arguments).collected == expected


def test_id_that_does_not_exist_is_an_error(root: Path) -> None:
    run = pytest_in(root, "--collect-only", "docs/a.md::gone[cpu]")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "docs/a.md::gone\n" in run.output


def test_page_with_a_problem_stops_itself_and_no_other(root: Path) -> None:
    write_tree(root, {"docs/bad.md": BAD})
    problem = f"docs/bad.md:{line_of(BAD, 'no statement') - 1}: {{doctest}} block with no `>>>`"
    run = pytest_in(root, "--collect-only", "docs")
    assert run.status == pytest.ExitCode.INTERRUPTED
    assert problem in run.output
    assert "pytest_plugin.py" not in run.output
    run = pytest_in(root, "--device", "cpu", "docs/area/b.md::two-words[cpu]")
    assert run.status == 0, run.output
    assert "1 passed" in run.output
    assert "cpu: 1 subjects (1 passed), 1 examples, 2 checked outputs" in run.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--device", "tpu"],
            "--device: unknown device 'tpu'; known are cpu, cuda, mps, xpu, sim and all",
        ),
        (
            ["--device", "cpu", "--device", "cuda"],
            "--device: no cuda device here; present: cpu. Leave --device out to use what is there",
        ),
        (["--record", "--patch", "p.py"], "--record is for torch as installed; leave --patch out"),
        (["--patch", "gone.py"], "--patch: no file gone.py"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(
    root: Path, arguments: list[str], message: str
) -> None:
    run = pytest_in(root, *arguments)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert [line for line in run.output.splitlines() if line] == [f"ERROR: {message}"]


def test_patch_is_run_before_the_subjects(root: Path) -> None:
    patch = "import sys\nsys.byteorder = 'middle'\n"
    write_tree(root, {"patch.py": patch})
    run = pytest_in(root, "--device=cpu", "--patch=patch.py", "docs/a.md::to[cpu]", "gallery")
    assert run.status == pytest.ExitCode.TESTS_FAILED
    line = line_of(FILES["docs/a.md"], "sys.byteorder")
    assert f"docs/a.md:{line}:\n    sys.byteorder\n" in run.output
    assert "got:\n    'middle'\n" in run.output
    assert "1 failed, 1 passed" in run.output


def test_record_from_two_processes_is_whole_and_pruned(root: Path) -> None:
    environment = describe_environment("cpu")
    verdicts = {"docs/a.md::gone": Verdict("d", "passed"), "docs/a.md::to": Verdict("d", "failed")}
    path = write_verdicts(root / "docs/verified", environment, verdicts)
    run = pytest_in(root, "--device=cpu", "-n", "2", "--record")
    assert run.status == pytest.ExitCode.TESTS_FAILED
    assert "cpu: 5 subjects (1 failed, 3 passed, 1 skipped), 4 examples" in run.output
    assert f"recorded 5 outcomes in docs/verified/{environment.id}.json" in run.output
    record = read_record(path)
    assert record.environment == environment
    found = {f"{name}[cpu]": verdict.status for name, verdict in record.verdicts.items()}
    assert found == dict(zip(IDS, ["passed", "failed", "skipped", "passed", "passed"], strict=True))
    assert record.verdicts["docs/a.md::streams"].reason == "only on cuda: streams are of CUDA"
    assert record.verdicts["docs/a.md::to"].checked == 2


def test_part_of_the_subjects_is_merged_into_the_record(root: Path) -> None:
    environment = describe_environment("cpu")
    verdicts = {"docs/a.md::gone": Verdict("d", "passed"), "docs/a.md::to": Verdict("d", "failed")}
    path = write_verdicts(root / "docs/verified", environment, verdicts)
    assert pytest_in(root, "--device=cpu", "--record", "gallery").status == 0
    assert set(read_record(path).verdicts) == {"docs/a.md::to", "gallery/x/y.py"}
    assert read_record(path).verdicts["docs/a.md::to"] == verdicts["docs/a.md::to"]


def test_record_that_cannot_be_read_is_refused_before_anything_runs(root: Path) -> None:
    write_tree(root, {"docs/verified/a.json": '{"schema": 1'})
    run = pytest_in(root, "--record")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "docs/verified/a.json: line 1: not a complete record" in run.output
    assert "delete it and run `tox -e doctest -- --record`" in run.output


def test_torch_outside_the_range_is_one_message_and_collecting_needs_none(root: Path) -> None:
    metadata = "Metadata-Version: 2.1\nName: torch\nVersion: 2.3.1\n"
    write_tree(root, {"site/torch-2.3.1.dist-info/METADATA": metadata})
    with pytest.MonkeyPatch.context() as patch:
        path = os.pathsep.join(filter(None, (str(root / "site"), os.environ.get("PYTHONPATH"))))
        patch.setenv("PYTHONPATH", path)
        run = pytest_in(root, "--device=cpu")
        assert pytest_in(root, "--collect-only", "-q").collected == IDS
    assert run.status == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in run.output.splitlines() if line]
    assert line.startswith("ERROR: torch 2.3.1 is outside the range of these pages")


def test_what_could_not_run_here_leaves_its_verdict_as_it_is(root: Path) -> None:
    text = page(section("click", ">>> 1\n1", options=":needs: browser"), setup=NO_TORCH)
    write_tree(root, {"docs/c.md": text})
    subject = next(s for s in find_in_tree(root).subjects if s.title == "click")
    seen = {subject.id: verdict_of(subject, Outcome("passed", examples=1, checked=1))}
    path = write_verdicts(root / "docs/verified", describe_environment("cpu"), seen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHPROOF_CHROMIUM", str(root / "absent"))
        run = pytest_in(root, "--device=cpu", "--record", "docs/c.md")
    assert "1 skipped" in run.output
    assert read_record(path).verdicts == seen


def test_no_fork_takes_new_interpreters(tmp_path: Path) -> None:
    leads = ">>> os.getsid(0) == os.getpid(), 'torchproof.running.fork_server' in sys.modules"
    block = f">>> import __main__\n{leads}\n(True, False)\n>>> __main__.__spec__.name\n"
    block += "'torchproof.running.child'"
    pages = {"docs/a.md": page(section("spawned", block), setup=NO_TORCH)}
    root = write_tree(tmp_path, {"pytest.ini": FILES["pytest.ini"], **pages})
    run = pytest_in(root, "--no-fork", "--device", "cpu")
    assert run.status == 0, run.output
    forked = pytest_in(root, "--device", "cpu")
    assert "'torchproof.running.fork_server'" in forked.output


def test_due_leaves_out_what_passed_here_as_it_stands(root: Path) -> None:
    first = pytest_in(root, "--device=cpu", "--record", "--due")
    assert "1 failed, 3 passed, 1 skipped" in first.output, first.output
    again = pytest_in(root, "--device=cpu", "--record", "--due")
    assert "1 failed, 4 deselected" in again.output, again.output
    path = root / "docs/a.md"
    path.write_text(path.read_text(encoding="utf-8").replace("x + 1\n3", "x + 2\n3"))
    assert "1 passed, 4 deselected" in pytest_in(root, "--device=cpu", "--record", "--due").output
    last = pytest_in(root, "--device=cpu", "--due")
    assert "5 deselected" in last.output, last.output


def test_a_run_that_is_killed_has_recorded_what_it_saw(tmp_path: Path) -> None:
    sections = [section(f"s{number}", ">>> 1\n1") for number in range(_WRITTEN_AFTER)]
    last = section("waits", ">>> _ = threading.Event().wait()\n>>> 1\n1")
    root = write_tree(
        tmp_path,
        {
            "pytest.ini": FILES["pytest.ini"],
            "docs/a.md": page(*sections, last, setup=NO_TORCH),
        },
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--device=cpu", "-v"]
    with subprocess.Popen(
        [*command, "--record"], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        read = ""
        # The record is written before the result of the last section that is in it is printed.
        while read.count("PASSED") < _WRITTEN_AFTER:
            read += process.stdout.readline()
        os.killpg(process.pid, signal.SIGKILL)
    (record,) = (root / "docs/verified").iterdir()
    assert len(read_record(record).verdicts) == _WRITTEN_AFTER


def test_processes_share_the_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    share_memory(16)
    assert os.environ[VARIABLE] == "per_process_memory_fraction:0.0563"
    monkeypatch.setenv(VARIABLE, "expandable_segments:True")
    share_memory(16)
    assert os.environ[VARIABLE] == "expandable_segments:True"
