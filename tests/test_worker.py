"""Subjects that misbehave cost themselves alone, whatever they do."""

from __future__ import annotations

import dataclasses
import os
import random
import re
import signal
import stat
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import platformdirs
import psutil
import pytest
from trees import NO_TORCH, PATIENCE, Ear, Tree, line_of, one_script, one_subject

import torchproof
from torchproof.finding.subjects import Subject
from torchproof.running.outcome import Outcome
from torchproof.running.preloading import preloads
from torchproof.running.worker import Worker, WorkerError

SHORT = ":timeout: 1"
BAD = {
    "hangs in Python": (">>> while True: pass\n>>> 1\n1", "timed-out", "took longer than 1 s"),
    "hangs in a system call": (
        ">>> _ = threading.Event().wait()\n>>> 1\n1",
        "timed-out",
        "took longer than 1 s",
    ),
    "ignores signals": (
        ">>> import signal\n>>> _ = signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        ">>> _ = signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        ">>> _ = threading.Event().wait()\n>>> 1\n1",
        "timed-out",
        "took longer than 1 s",
    ),
    "segfaults": (
        ">>> import ctypes\n>>> ctypes.string_at(0)\nb''",
        "crashed",
        "killed by SIGSEGV",
    ),
    "kills itself without a name": (
        ">>> os.kill(os.getpid(), 40)\n>>> 1\n1",
        "crashed",
        "killed by signal 40",
    ),
    "leaves": (">>> os._exit(0)\n>>> 1\n1", "crashed", "left with status 0 before its end"),
    "leaves with a last word": (
        ">>> n = os.write(2, b'no such luck')\n>>> os._exit(3)\n>>> 1\n1",
        "crashed",
        "left with status 3 before its end\nno such luck",
    ),
    "writes 100 MB to descriptor 1": (
        ">>> for _ in range(100): n = os.write(1, b'x' * 1_000_000)\n>>> 1\n1",
        "crashed",
        "wrote more than 16 MiB to stdout",
    ),
    "closes every descriptor": (
        ">>> os.closerange(0, 1024)\n>>> 1\n1",
        "crashed",
        "left with status 70 before its end",
    ),
    "prints 100 MB": (">>> print('x' * 100_000_000)\nx", "failed", ""),
}
GOOD = {
    "leaves a thread": ">>> threading.Thread(target=threading.Event().wait).start()\n>>> 1\n1",
    "does nothing": ">>> 1\n1",
    "reads its input": ">>> sys.stdin.read()\n''",
}
LEAKS = {
    "default dtype": ">>> torch.set_default_dtype(torch.float64)\n>>> torch.ones(1).dtype\n"
    "torch.float64",
    "grad mode": ">>> _ = torch.set_grad_enabled(False)\n>>> torch.is_grad_enabled()\nFalse",
    "threads": ">>> torch.set_num_threads(2)\n>>> torch.get_num_threads()\n2",
    "seed": ">>> _ = torch.manual_seed(7)\n>>> torch.initial_seed()\n7",
    "cwd": ">>> import os\n>>> os.chdir('/')\n>>> os.getcwd()\n'/'",
    "environ": ">>> import os\n>>> os.environ['LEAK'] = '1'\n>>> os.environ['LEAK']\n'1'",
    "module hook": ">>> from torch.nn.modules import module\n"
    ">>> _ = module.register_module_forward_hook(lambda *_: None)\n"
    ">>> len(module._global_forward_hooks)\n1",
    "patch": ">>> nn.Module.zero_grad = None\n>>> nn.Module.zero_grad is None\nTrue",
    "file": ">>> open('leak', 'w').close()\n>>> import os\n>>> os.listdir()\n['leak']",
}
PROBE = """\
>>> import os
>>> from torch.nn.modules import module
>>> torch.ones(1).dtype, torch.is_grad_enabled(), torch.get_num_threads()
(torch.float32, True, 1)
>>> torch.initial_seed() == 7, 'LEAK' in os.environ, os.getcwd() == '/', os.listdir()
(False, False, False, [])
>>> len(module._global_forward_hooks), nn.Module.zero_grad is None
(0, False)"""


def named(root: Path, name: str, block: str, *, setup: str = NO_TORCH) -> Subject:
    subject = one_subject(
        root, block, options=SHORT if "longer" in str(BAD.get(name)) else "", setup=setup
    )
    return dataclasses.replace(subject, id=name)


def result(outcome: Outcome) -> tuple[str, str]:
    return outcome.status, outcome.reason


def gone(pid: int) -> bool:
    """Wait until a process has ended and say whether it has."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or process.wait(PATIENCE) is None
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False


@pytest.mark.parametrize("seed", range(2))
def test_what_misbehaves_costs_itself_alone_in_any_order(tree: Tree, seed: int) -> None:
    expected = {name: (status, reason) for name, (_, status, reason) in BAD.items()}
    expected |= dict.fromkeys([*GOOD, *LEAKS, *(f"probe {i}" for i in range(4))], ("passed", ""))
    subjects = [named(tree.root, name, block) for name, (block, _, _) in BAD.items()]
    subjects += [named(tree.root, name, block) for name, block in GOOD.items()]
    torch = "```{doctest}\n>>> import torch\n>>> from torch import nn\n```\n"
    subjects += [named(tree.root, name, block, setup=torch) for name, block in LEAKS.items()]
    subjects += [named(tree.root, f"probe {i}", PROBE, setup=torch) for i in range(4)]
    random.Random(seed).shuffle(subjects)
    pid = tree.worker.pid
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda subject: tree.worker.run(subject, "cpu"), subjects))
    found = {s.id: result(outcome) for s, outcome in zip(subjects, outcomes, strict=True)}
    closing = found["closes every descriptor"]
    found["closes every descriptor"] = (closing[0], closing[1].split("\n")[0])
    assert found == expected
    assert tree.worker.pid == pid


def test_leaks_do_not_reach_the_next_subject(tree: Tree) -> None:
    for block in LEAKS.values():
        assert tree.run(block).status == "passed", block
        assert tree.run(PROBE).status == "passed", block


@pytest.mark.parametrize(
    "how",
    [
        "['sleep', '1000']",
        "['sleep', '1000'], start_new_session=True",
        "['setsid', 'sh', '-c', 'setsid sleep 1000'], start_new_session=True",
    ],
)
@pytest.mark.parametrize(
    ("end", "status"),
    [
        (">>> 1\n1", "passed"),
        (">>> os._exit(0)", "crashed"),
        (">>> _ = threading.Event().wait()", "timed-out"),
    ],
)
def test_processes_that_are_left_behind_are_ended(
    tree: Tree, ear: Ear, how: str, end: str, status: str
) -> None:
    block = (
        f">>> child = subprocess.Popen({how})\n{ear.say('child.pid')}\n{end}\n>>> assert child.pid"
    )
    # Long enough to get there on a busy machine.
    outcome = tree.run(block, options=":timeout: 3", setup=NO_TORCH)
    assert outcome.status == status
    assert gone(int(ear.heard()))
    assert tree.worker.pid is not None
    # Also those that they had left behind in turn; each of them is then a child of the parent.
    for child in psutil.Process(tree.worker.pid).children(recursive=True):
        assert gone(child.pid)


def test_a_process_left_behind_that_floods_its_output_holds_nobody_up(tree: Tree) -> None:
    block = ">>> _ = subprocess.Popen(['yes'], start_new_session=True)\n>>> 1\n1"
    for _ in range(5):
        assert tree.run(block, setup=NO_TORCH).status in {"passed", "crashed"}
    assert tree.run(">>> 1\n1", setup=NO_TORCH).status == "passed"


def test_what_a_running_subject_detached_outlives_other_subjects(
    tree: Tree, ear: Ear, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    os.mkfifo(flag)
    block = (
        ">>> import pathlib\n"
        ">>> sh = 'setsid sleep 1000 > /dev/null & echo $!'\n"
        ">>> pid = int(subprocess.run(['sh', '-c', sh], stdout=subprocess.PIPE).stdout)\n"
        f"{ear.say('pid')}\n"
        f">>> _ = pathlib.Path({str(flag)!r}).read_text()\n"
        ">>> pathlib.Path(f'/proc/{pid}/status').read_text().count('Z (zombie)')\n0"
    )
    with ThreadPoolExecutor() as pool:
        running = pool.submit(tree.run, block, setup=NO_TORCH)
        pid = int(ear.heard())
        assert tree.run(">>> 1\n1", setup=NO_TORCH).status == "passed"
        # It reads until somebody has written.
        flag.write_text("go on")
        outcome = running.result()
    assert outcome.status == "passed", outcome
    assert gone(pid)


def test_parent_stays_small_and_single_and_does_not_touch_cuda(tree: Tree) -> None:
    block = ">>> n = os.write(1, b'x' * 100_000)\n>>> print('x' * 10_000)\ny"
    subject = one_subject(tree.root, block, setup=NO_TORCH)
    asks = ">>> torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()\n(False, False)"
    assert tree.run(asks, setup="```{doctest}\n>>> import torch\n```\n").status == "passed"
    parent = psutil.Process(tree.worker.pid)
    with ThreadPoolExecutor(2) as pool:
        run = lambda _: tree.worker.run(subject, "cpu")  # noqa: E731
        list(pool.map(run, range(30)))
        before = parent.memory_info().rss
        outcomes = list(pool.map(run, range(60)))
        grown = parent.memory_info().rss - before
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert grown < 2 << 20
    assert parent.num_threads() == 1
    assert parent.children() == []
    assert parent.num_fds() < 12


def test_temporary_folder_of_a_subject_is_removed(tree: Tree, ear: Ear) -> None:
    block = f"{ear.say('os.getcwd()')}\n>>> open('file', 'w').write('x')\n1"
    assert tree.run(block, setup=NO_TORCH).status == "passed"
    folder = Path(ear.heard())
    assert folder.name.startswith("torchproof-")
    assert not folder.exists()


def test_subject_for_another_device_is_skipped_with_the_reason(tree: Tree) -> None:
    options = ":only: cuda\n:because: streams are of CUDA"
    outcome = tree.run(">>> 1\n2", options=options)
    assert result(outcome) == ("skipped", "only on cuda: streams are of CUDA")


def test_subject_that_needs_a_browser_is_skipped_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = one_subject(tmp_path, ">>> 1\n2", options=":needs: browser")
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "nowhere")
    with Worker(root=tmp_path, subjects=[subject]) as worker:
        outcome = worker.run(subject, "cpu")
    assert result(outcome) == ("skipped", "$TORCHPROOF_CHROMIUM is no program: nowhere")


def test_devices_are_chosen_among_those_that_are_present(tree: Tree) -> None:
    assert tree.worker.devices() == ("cpu",)
    assert tree.worker.chosen_devices([]) == ("cpu",)
    assert tree.worker.chosen_devices(["all"]) == ("cpu",)
    assert tree.worker.chosen_devices(["cpu", "cpu"]) == ("cpu",)
    with pytest.raises(
        ValueError, match=r"^unknown device 'tpu'; known are cpu, cuda, .* and all$"
    ):
        tree.worker.chosen_devices(["cpu", "tpu"])
    with pytest.raises(ValueError, match=r"^no cuda device here; present: cpu\. Leave --device"):
        tree.worker.chosen_devices(["cuda"])


def test_environment_is_that_of_the_fresh_process(tree: Tree) -> None:
    environment = tree.worker.environment("cpu")
    assert environment.device == "cpu"
    assert re.fullmatch(r"\d+\.\d+\.\d+", environment.torch)


def test_a_parent_that_dies_is_reported_and_replaced(tmp_path: Path, ear: Ear) -> None:
    block = f"{ear.say('os.getpid()')}\n>>> _ = threading.Event().wait()\n>>> 1\n1"
    slow = one_subject(tmp_path, block, setup=NO_TORCH)
    quick = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[slow]) as worker, ThreadPoolExecutor() as pool:
        running = pool.submit(worker.run, slow, "cpu")
        subject = int(ear.heard())
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(WorkerError, match=r"^the fork server died; run again$"):
            running.result(PATIENCE)
        assert worker.run(quick, "cpu").status == "passed"
        assert worker.pid not in {None, first}
        # The subject went with its parent.
        assert gone(subject)
    assert worker.pid is None


def test_closing_ends_what_still_runs(tmp_path: Path, ear: Ear) -> None:
    block = (
        ">>> child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        f"{ear.say('(os.getpid(), os.getppid(), child.pid)')}\n"
        ">>> _ = threading.Event().wait()\n>>> 1\n1"
    )
    slow = one_subject(tmp_path, block, setup=NO_TORCH)
    with ThreadPoolExecutor() as pool, Worker(root=tmp_path, subjects=[slow]) as worker:
        running: Future[Outcome] = pool.submit(worker.run, slow, "cpu")
        pids = [int(number) for number in re.findall(r"\d+", ear.heard())]
        # Ctrl-C reaches the fork server, too; it ends when the worker does.
        os.kill(pids[1], signal.SIGINT)
        quick = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
        assert worker.run(quick, "cpu").status == "passed"
        worker.close()
        with pytest.raises(WorkerError):
            running.result(PATIENCE)
        assert len(pids) == 3
        assert all(gone(pid) for pid in pids)


def test_patched_torch_fails_the_subject_on_the_line_that_tells(tmp_path: Path) -> None:
    patch = tmp_path / "patch.py"
    patch.write_text(
        "import torch\n\ncalls = []\n\n"
        "def zero_grad(self, set_to_none=True):\n    calls.append(set_to_none)\n\n"
        "torch.nn.Module.zero_grad = zero_grad\n",
        encoding="utf-8",
    )
    block = (
        ">>> layer = nn.Linear(1, 1)\n>>> layer(torch.ones(1)).backward()\n"
        ">>> layer.zero_grad()\n>>> layer.weight.grad is None\nTrue"
    )
    subject = one_subject(tmp_path, block)
    with Worker(root=tmp_path, patch=patch) as worker:
        outcome = worker.run(subject, "cpu")
    text = (tmp_path / "docs/page.md").read_text(encoding="utf-8")
    (failure,) = outcome.failures
    assert (failure.line, failure.got) == (line_of(text, ".weight.grad is"), "False\n")


@pytest.mark.parametrize("fork", [True, False])
def test_patch_that_fails_is_named(tmp_path: Path, fork: bool) -> None:
    patch = tmp_path / "patch.py"
    patch.write_text("\nraise KeyError('gone')\n", encoding="utf-8")
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with (
        Worker(root=tmp_path, subjects=[subject], patch=patch, fork=fork) as worker,
        pytest.raises(WorkerError, match=r"patch\.py:2: KeyError: 'gone'"),
    ):
        worker.run(subject, "cpu")


def test_new_interpreters_come_to_the_same_outcomes(tree: Tree) -> None:
    names = ["hangs in Python", "segfaults", "leaves with a last word", "prints 100 MB"]
    names += ["writes 100 MB to descriptor 1"]
    subjects = [named(tree.root, name, BAD[name][0]) for name in names]
    subjects += [
        one_subject(tree.root, ">>> nn.Linear(2, 1).training\nTrue\n>>> 1\n2"),
        one_subject(tree.root, ">>> 1\n2", options=":only: cuda\n:because: streams"),
        one_subject(
            tree.root, ">>> child = subprocess.Popen(['sleep', '99'])\n>>> 1\n1", setup=NO_TORCH
        ),
        one_script(tree.root, '"""Title"""\nassert 1\n'),
    ]
    with Worker(root=tree.root, fork=False) as worker, ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda subject: worker.run(subject, "cpu"), subjects))
        assert worker.pid is None
    for subject, outcome in zip(subjects, outcomes, strict=True):
        forked = tree.worker.run(subject, "cpu")
        assert dataclasses.replace(outcome, seconds=0.0) == dataclasses.replace(forked, seconds=0.0)


def bare_python(folder: Path, *paths: Path) -> str:
    """Return an interpreter that finds this package, what its messages need, and no torch."""
    wrapper = folder / "python"
    site = folder / "messages"
    site.mkdir()
    for needed in (msgspec, platformdirs):
        (site / needed.__name__).symlink_to(Path(str(needed.__file__)).parent)
    path = os.pathsep.join(map(str, (*paths, site, Path(torchproof.__file__).parents[1])))
    wrapper.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec {sys.executable} -S "$@"\n', encoding="utf-8"
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return str(wrapper)


@pytest.mark.parametrize("fork", [True, False])
def test_missing_torch_is_one_message_with_the_next_step(tmp_path: Path, fork: bool) -> None:
    # Its version is checked also where no subject imports it.
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    python = bare_python(tmp_path)
    with (
        Worker(root=tmp_path, subjects=[subject], fork=fork, python=python) as worker,
        pytest.raises(WorkerError) as caught,
    ):
        worker.run(subject, "cpu")
    assert str(caught.value) == (
        "torch is not installed; run `python -m pip install torch` or `tox -e doctest`"
    )


@pytest.mark.parametrize("fork", [True, False])
def test_torch_outside_the_range_is_one_message(tmp_path: Path, fork: bool) -> None:
    metadata = tmp_path / "site" / "torch-2.3.1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.3.1\n", encoding="utf-8")
    python = bare_python(tmp_path, tmp_path / "site")
    with (
        Worker(root=tmp_path, fork=fork, python=python) as worker,
        pytest.raises(WorkerError, match=r"torch 2\.3\.1 is outside the range .* install one"),
    ):
        worker.run(one_subject(tmp_path, ">>> 1\n1"), "cpu")


@pytest.mark.parametrize("fork", [True, False])
def test_interpreter_that_dies_at_its_start_is_one_message(tmp_path: Path, fork: bool) -> None:
    with (
        Worker(root=tmp_path, fork=fork, python="/bin/true") as worker,
        pytest.raises(WorkerError, match="it ended while it was starting"),
    ):
        worker.run(one_subject(tmp_path, ">>> 1\n1"), "cpu")


def test_what_is_imported_beforehand_follows_from_what_runs(tmp_path: Path) -> None:
    def modules(block: str) -> set[str]:
        subject = one_subject(tmp_path, f"{block}\n>>> 1\n1", setup=NO_TORCH)
        return set(preloads([subject])) - {
            "torchproof.running.torch_range",
            "torchproof.running.child",
        }

    assert "torch" in preloads([])
    assert modules(">>> import math") == set()
    assert modules(">>> import torch") == {"torch"}
    assert modules(">>> opt = torch.optim.SGD([], lr=1)") == {"torch", "torch._dynamo"}
    assert "matplotlib.pyplot" in modules(">>> import matplotlib")
    assert "torchproof.visdom.server" in modules(">>> import visdom")
