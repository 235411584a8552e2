"""One reply for each request, from the process that was asked; whoever waits gets an answer."""

from __future__ import annotations

import dataclasses
import os
import signal
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from msgspec import Raw
from trees import NO_TORCH, PATIENCE, Ear, one_script, one_subject

from torchproof.running import fork_client
from torchproof.running import worker as worker_module
from torchproof.running.messages import (
    PROTOCOL,
    ForkReply,
    MessageError,
    Ready,
    Reply,
    decode,
    encode,
    why_not_ready,
)
from torchproof.running.outcome import Outcome
from torchproof.running.worker import Worker, WorkerError

COPIES = {
    "ends by sys.exit": (
        ">>> pid = os.fork()\n>>> if pid == 0: sys.exit(3)\n"
        ">>> os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n3"
    ),
    "ends by an exception": (
        ">>> pid = os.fork()\n>>> if pid == 0: raise KeyError('copy')\n"
        ">>> os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n1"
    ),
    "runs on": (
        ">>> pid = os.fork()\n>>> if pid: _ = os.waitpid(pid, 0)\n>>> os.getpid() == original\nTrue"
    ),
    "outlives the statement": ">>> pid = os.fork()\n>>> pid > 0\nTrue",
}
SETUP = NO_TORCH.replace("threading\n", "threading\n>>> original = os.getpid()\n")
ADDR2LINE = {
    "absent": "",
    "present": "#!/bin/sh\nwhile read address; do echo '??'; echo '??:0'; done\n",
}


@pytest.fixture(scope="module", params=[True, False], ids=["fork", "spawn"])
def worker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    with Worker(root=tmp_path_factory.getbasetemp(), fork=request.param) as worker:
        yield worker


def plain(outcome: Outcome) -> Outcome:
    return dataclasses.replace(outcome, seconds=0.0)


@pytest.mark.parametrize("block", COPIES.values(), ids=COPIES)
def test_copy_of_a_subject_does_not_reply(tmp_path: Path, worker: Worker, block: str) -> None:
    checks = block.count("\n3") + block.count("\n1") + block.count("\nTrue")
    for _ in range(3):
        outcome = worker.run(one_subject(tmp_path, block, setup=SETUP), "cpu")
        assert plain(outcome) == Outcome("passed", examples=1, checked=checks)


def test_copy_of_a_script_does_not_reply(worker: Worker) -> None:
    root = worker._root
    script = (
        '"""Title"""\nimport os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nassert pid\n'
    )
    assert worker.run(one_script(root, script), "cpu").status == "passed"


def test_error_of_a_copy_of_a_script_is_the_status_of_the_copy(worker: Worker) -> None:
    script = (
        '"""Title"""\nimport os\npid = os.fork()\nif not pid:\n    raise KeyError("copy")\n'
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1\n"
    )
    assert worker.run(one_script(worker._root, script), "cpu").status == "passed"


@pytest.mark.parametrize("fork", [True, False])
def test_copy_that_a_patch_makes_does_not_reply(tmp_path: Path, fork: bool) -> None:
    patch = tmp_path / "patch.py"
    patch.write_text(
        "import os\n\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\n", encoding="utf-8"
    )
    subject = one_subject(tmp_path, ">>> 1\n1", options=":timeout: 20", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject], patch=patch, fork=fork) as worker:
        assert worker.run(subject, "cpu").status == "passed"


@pytest.mark.parametrize("program", ADDR2LINE.values(), ids=ADDR2LINE)
def test_copy_that_torch_makes_does_not_reply(tmp_path: Path, worker: Worker, program: str) -> None:
    addr2line, copies = tmp_path / "addr2line", tmp_path / "copies"
    if program:
        addr2line.write_text(program, encoding="utf-8")
        addr2line.chmod(0o700)
    setup = (
        f"```{{doctest}}\n>>> import os, torch\n>>> original = os.getpid()\n"
        ">>> os.environ['TORCH_SYMBOLIZE_MODE'] = 'addr2line'\n"
        f">>> os.environ['TORCH_ADDR2LINE_BINARY'] = {str(addr2line)!r}\n"
        ">>> from torch.utils._traceback import CapturedTraceback\n```\n"
    )
    block = (
        ">>> try:\n...     _ = CapturedTraceback.extract(cpp=True).format()\n"
        "... except (RuntimeError, ValueError):\n...     pass\n"
        "... finally:\n"
        f"...     if os.getpid() != original: _ = open({str(copies)!r}, 'a').write('copy ')\n"
        ">>> os.getpid() == original\nTrue"
    )
    outcome = worker.run(one_subject(tmp_path, block, setup=setup), "cpu")
    assert plain(outcome) == Outcome("passed", examples=1, checked=1)
    assert copies.exists() == (not program)


def test_subject_does_not_depend_on_addr2line(tmp_path: Path, worker: Worker) -> None:
    block = (
        ">>> import os\n>>> os.environ['TORCH_ADDR2LINE_BINARY'] = '/nowhere'\n"
        ">>> from torch.utils._traceback import CapturedTraceback\n"
        ">>> len(CapturedTraceback.extract(cpp=True).format()) > 1\nTrue"
    )
    assert worker.run(one_subject(tmp_path, block), "cpu").status == "passed"


VISDOM = (
    ">>> import visdom\n>>> vis = visdom.Visdom()\n>>> _ = vis.text('here', win='pane')\n"
    ">>> pid = os.fork()\n>>> if pid == 0: raise KeyError('copy')\n>>> _ = os.waitpid(pid, 0)\n"
    ">>> vis.win_exists('pane')\nTrue"
)
OWN = (
    ">>> from torchproof.visdom.server import visdom_server\n>>> import visdom\n"
    ">>> with visdom_server() as server:\n...     pid = os.fork()\n"
    "...     if pid == 0: raise KeyError('copy')\n...     _ = os.waitpid(pid, 0)\n"
    "...     server.log.exists(), visdom.Visdom(port=server.port).check_connection()\n(True, True)"
)


@pytest.mark.parametrize("block", [VISDOM, OWN], ids=["the subject's", "one of its own"])
def test_copy_does_not_stop_a_visdom_server(tmp_path: Path, worker: Worker, block: str) -> None:
    outcome = worker.run(one_subject(tmp_path, block, setup=NO_TORCH), "cpu")
    assert outcome.status == "passed", outcome


def test_without_fork_a_visdom_subject_passes(tmp_path: Path) -> None:
    patch = tmp_path / "patch.py"
    patch.write_text("import os\n\ndel os.fork\n", encoding="utf-8")
    block = (
        ">>> hasattr(os, 'fork')\nFalse\n>>> import visdom\n"
        ">>> visdom.Visdom().text('here', win='pane')\n'pane'"
    )
    subject = one_subject(tmp_path, block, setup=NO_TORCH)
    with Worker(root=tmp_path, patch=patch, fork=False) as worker:
        outcome = worker.run(subject, "cpu")
    assert plain(outcome) == Outcome("passed", examples=1, checked=2)


def test_spawned_subject_leaves_no_folder(tmp_path: Path, ear: Ear) -> None:
    block = f"{ear.say('os.getcwd()')}\n>>> while True: pass\n>>> 1\n1"
    subject = one_subject(tmp_path, block, options=":timeout: 1", setup=NO_TORCH)
    with Worker(root=tmp_path, fork=False) as worker:
        assert worker.run(subject, "cpu").status == "timed-out"
    folder = Path(ear.heard())
    assert folder.name.startswith("torchproof-")
    assert not folder.exists()


@pytest.mark.parametrize("fork", [True, False])
def test_what_is_killed_was_not_waited_for(
    tmp_path: Path, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is free once its process was waited for: it may be that of any other by then."""
    seen = tmp_path / "seen"
    code = (
        "import os, pathlib\n\nreal = os.killpg\n\n"
        "def killpg(pid, number):\n"
        f"    with open({str(seen)!r}, 'a') as file:\n"
        "        file.write(f'{os.path.exists(f\"/proc/{pid}\")}\\n')\n"
        "    real(pid, number)\n\nos.killpg = killpg\n"
    )
    patch = None
    if fork:
        patch = tmp_path / "patch.py"
        patch.write_text(code, encoding="utf-8")
    else:
        monkeypatch.setattr(os, "killpg", os.killpg)
        exec(code, {})
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject], patch=patch, fork=fork) as worker:
        assert worker.run(subject, "cpu").status == "passed"
    assert set(seen.read_text(encoding="utf-8").split()) == {"True"}


def interpreter(folder: Path, command: str) -> str:
    """Return a program that stands for Python; `$@` are the arguments."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


REAL = f'"{sys.executable}" "$@"'
BROKEN = {
    "torn": (f'{REAL} | {{ read -r line; echo "$line"; head -c 20; }}', "the fork server died"),
    "foreign": (
        f"{REAL} | {{ read -r line; echo \"$line\"; echo 'Hello!'; cat; }}",
        r"the fork server cannot be understood: 'Hello!\\n' is no message: JSON is malformed: "
        r"invalid character \(byte 0\)",
    ),
    "no ticket": (
        f"{REAL} | {{ read -r line; echo \"$line\"; echo '{{}}'; cat; }}",
        r"the fork server cannot be understood: '{}\\n' is no message: Object missing required "
        "field `ticket`",
    ),
    "ticket of nobody": (
        f'{REAL} | {{ read -r line; echo "$line"; echo \'{{"ticket": 9, "reply": 1}}\'; cat; }}',
        "the fork server cannot be understood: 9",
    ),
}


@pytest.mark.parametrize(("command", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_reply_is_an_error_for_all_who_wait(
    tmp_path: Path, command: str, message: str
) -> None:
    python = interpreter(tmp_path, command)
    block = ">>> _ = threading.Event().wait()\n>>> 1\n1"
    # The program behind the broken pipe does not end before this one does.
    slow = one_subject(tmp_path, block, options=":timeout: 2", setup=NO_TORCH)
    quick = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with (
        Worker(root=tmp_path, subjects=[slow], python=python) as worker,
        ThreadPoolExecutor() as pool,
    ):
        waiting = [pool.submit(worker._run, subject, "cpu") for subject in (slow, quick)]
        for future in waiting:
            with pytest.raises(WorkerError, match=rf"^{message}; run again$"):
                future.result(PATIENCE)


def test_server_that_stands_still_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_client, "_GRACE", 0.1)
    subject = one_subject(tmp_path, ">>> 1\n1", options=":timeout: 1", setup=NO_TORCH)
    with Worker(root=tmp_path, subjects=[subject]) as worker, ThreadPoolExecutor() as pool:
        worker.environment("cpu")
        parent = worker.pid
        assert parent is not None
        os.kill(parent, signal.SIGSTOP)
        running = pool.submit(worker.run, subject, "cpu")
        try:
            with pytest.raises(WorkerError, match=r"^the fork server died; run again$"):
                running.result(PATIENCE)
        finally:
            if psutil.pid_exists(parent):
                os.kill(parent, signal.SIGKILL)
        assert worker.run(subject, "cpu").status == "passed"


@pytest.mark.parametrize("fork", [True, False])
def test_interpreter_that_never_gets_ready_is_one_message(
    tmp_path: Path, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_START_LIMIT", 0.5)
    python = interpreter(tmp_path, "exec sleep 1000")
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with ThreadPoolExecutor() as pool, Worker(root=tmp_path, fork=fork, python=python) as worker:
        running = pool.submit(worker.run, subject, "cpu")
        try:
            with pytest.raises(WorkerError, match=r"^it was not ready within 0\.5 s, in which"):
                running.result(20)
        finally:
            for child in psutil.Process().children():
                if child.name() == "sleep":
                    child.kill()


@pytest.mark.parametrize("fork", [True, False])
def test_interpreter_that_prints_at_its_start_is_one_message(tmp_path: Path, fork: bool) -> None:
    python = interpreter(tmp_path, f"echo Hello!; exec {REAL}")
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with (
        Worker(root=tmp_path, fork=fork, python=python) as worker,
        pytest.raises(
            WorkerError, match=r"^'Hello!\\n' is no message: .*; something in its start-up"
        ),
    ):
        worker.run(subject, "cpu")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "is torn"),
        (b"{}", "is torn"),
        (b"3\n", "Expected `object`, got `int`"),
        (b"{\n", "malformed|truncated"),
        (b"[]\n", "Expected `object`, got `array`"),
        (b"\xff\n", "malformed"),
        (b'{"type":"described"}\n', "missing required field `environment`"),
        (b'{"type":"devices","names":["cpu",1]}\n', r"got `int` - at `\$\.names\[1\]`"),
        (b'{"type":"devices","names":[],"more":1}\n', "unknown field `more`"),
        (b'{"type":"ready"}\n', r"Invalid value 'ready' - at `\$\.type`"),
    ],
)
def test_line_that_is_no_reply_names_what_is_wrong(line: bytes, reason: str) -> None:
    with pytest.raises(MessageError, match=reason):
        decode(line, Reply)


def test_torchproof_of_another_protocol_is_one_message() -> None:
    assert why_not_ready(encode(Ready())) == ""
    assert why_not_ready(encode(Ready(PROTOCOL + 1))) == (
        f"its torchproof speaks protocol {PROTOCOL + 1}, this one {PROTOCOL}: install the same "
        "torchproof for both Pythons"
    )


def test_fork_server_passes_a_reply_on_as_it_was_written() -> None:
    written = b'{"type":"devices", "names" : []}'
    answer = decode(encode(ForkReply(3, Raw(written))), ForkReply)
    assert (answer.ticket, bytes(answer.reply)) == (3, written)
