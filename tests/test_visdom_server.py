import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
import visdom

from torchproof.visdom.panes import pane_json
from torchproof.visdom.server import (
    PortTakenError,
    Server,
    ServerError,
    forked_visdom_server,
    visdom_server,
)

# The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")

COMMAND = [sys.executable, "-m", "torchproof.visdom_server"]

# A fork needs a process with one thread, which a test runner may not be.
FORKED = """
import time, urllib.request
import visdom.server.app
from torchproof.visdom.server import forked_visdom_server
start = time.monotonic()
with forked_visdom_server() as server:
    print(time.monotonic() - start, urllib.request.urlopen(server.url).status, flush=True)
"""
# The parent of the fork has computed the folder from its own $HOME.
COMPARED = """
import urllib.request
import visdom.server.app
from torchproof.visdom.server import forked_visdom_server
with forked_visdom_server() as server:
    page = urllib.request.urlopen(f"{server.url}/compare/mine").read().decode()
    print("'mine'" in page)
"""
PARENT = """
import sys
from torchproof.visdom.server import forked_visdom_server, visdom_server
with {start}() as server:
    print(server.pid, server.env_path.parent, flush=True)
    sys.stdin.read()
"""


def client(server: Server) -> visdom.Visdom:
    return visdom.Visdom(port=server.port, raise_exceptions=True, use_incoming_socket=False)


def status(url: str) -> int:
    with urllib.request.urlopen(url) as answer:
        return int(answer.status)


def test_a_client_is_answered() -> None:
    with visdom_server() as server:
        assert client(server).text("hello", win="greeting") == "greeting"
        pane = pane_json(server.port, "greeting")
        assert pane is not None
        assert pane["content"] == "hello"


def test_the_pages_answer() -> None:
    with visdom_server() as server:
        for page in ["/", "/env/main", "/compare/main", "/user/style.css"]:
            assert status(server.url + page) == 200, page


def test_a_fault_of_the_command_is_a_fault_here(tmp_path: Path) -> None:
    # With -env_path a comparison looks into ~/.visdom nevertheless.
    with (
        visdom_server(env_path=tmp_path) as server,
        pytest.raises(urllib.error.HTTPError, match="500"),
    ):
        status(f"{server.url}/compare/main")


def test_a_forked_server_looks_into_no_home_but_its_own(tmp_path: Path) -> None:
    (tmp_path / ".visdom").mkdir()
    (tmp_path / ".visdom" / "mine.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", COMPARED],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False\n", done.stderr


def test_servers_share_nothing() -> None:
    with visdom_server() as one, visdom_server() as other:
        client(one).text("hello", win="greeting")
        assert pane_json(other.port, "greeting") is None
        assert one.env_path != other.env_path


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with visdom_server() as server:
        client(server).save(["main"])
        folder = server.env_path.parent
        assert (server.env_path / "main.json").exists()
    assert not psutil.pid_exists(server.pid)
    assert not folder.exists()
    assert not (tmp_path / "home").exists()


def test_an_exception_of_the_block_stops_the_server_too() -> None:
    with pytest.raises(ZeroDivisionError), visdom_server() as server:
        _ = 1 / 0
    assert not psutil.pid_exists(server.pid)


def test_saved_envs_are_found_again(tmp_path: Path) -> None:
    with visdom_server(env_path=tmp_path) as server:
        client(server).text("hello", win="greeting")
        client(server).save(["main"])
    with visdom_server(env_path=tmp_path) as server:
        pane = pane_json(server.url, "greeting")
        assert pane is not None
        assert pane["content"] == "hello"


def test_the_api_needs_neither_npm_nor_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("TORCHPROOF_CACHE", str(tmp_path / "cache"))
    with visdom_server() as server:
        assert client(server).check_connection()
    assert not (tmp_path / "cache").exists()


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = f"port {port} of 127.0.0.1 is taken: stop"
        with pytest.raises(PortTakenError, match=said), visdom_server(port=port):
            pass


def test_a_server_that_dies_at_its_start_says_why(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    said = r"died at its start, with status 1(.|\n)*file: no folder"
    with pytest.raises(ServerError, match=said), visdom_server(env_path=file):
        pass


def test_a_server_that_is_late_is_given_up() -> None:
    said = r"did not answer within 0\.01 s"
    with pytest.raises(ServerError, match=said), visdom_server(ready_within=0.01):
        pass


def test_a_server_killed_in_the_middle() -> None:
    with visdom_server() as server:
        psutil.Process(server.pid).kill()
        with pytest.raises(ConnectionError, match="start one with"):
            pane_json(server.port, "greeting")
    assert not psutil.pid_exists(server.pid)


def test_a_server_that_hangs_is_killed() -> None:
    with visdom_server() as server:
        psutil.Process(server.pid).suspend()
    assert not psutil.pid_exists(server.pid)


@pytest.mark.parametrize("start", ["visdom_server", "forked_visdom_server"])
def test_a_server_goes_with_its_parent(start: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.replace("{start}", start)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        server = psutil.Process(int(pid))
        parent.kill()
        server.wait(timeout=10)
    assert not Path(folder).exists()


def test_a_forked_server_is_ready_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True)
    seconds, answer = done.stdout.split()
    assert answer == "200"
    assert float(seconds) < 0.5  # 0.02 on a machine with nothing else to do


def test_no_fork_from_a_process_with_several_threads() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="reader")
    thread.start()
    try:
        said = r"several threads \(.*reader.*\) cannot be forked"
        with pytest.raises(RuntimeError, match=said), forked_visdom_server():
            pass
    finally:
        done.set()
        thread.join()


def test_the_command_runs_until_interrupted(tmp_path: Path) -> None:
    env = {**os.environ, "TORCHPROOF_CACHE": str(tmp_path), "PATH": ""}
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    ) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        assert said.startswith("Visdom answers at http://127.0.0.1:")
        assert status(said.split()[3]) == 200
        server.send_signal(signal.SIGINT)
        _, complaint = server.communicate(timeout=10)
    assert server.returncode == 0
    assert complaint.startswith("warning: the page will stay empty: npm is not on PATH")
    assert len(complaint.splitlines()) == 1


def test_the_command_names_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port, "--static", str(tmp_path)], capture_output=True, text=True
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: port {port} of 127.0.0.1 is taken: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("flags", [[], ["-eager_data_loading"]])
def test_flags_reach_the_application(tmp_path: Path, flags: list[str]) -> None:
    with visdom_server(env_path=tmp_path) as server:
        client(server).text("kept", win="note", env="run")
        client(server).save(["run"])
    with visdom_server(env_path=tmp_path, flags=flags) as server:
        # Nobody has looked at it: an env that is loaded lazily is saved as nothing.
        client(server).save(["run"])
    assert ((tmp_path / "run.json").read_text() == "null") is not bool(flags)


def test_a_base_url_stands_before_every_route() -> None:
    with visdom_server(flags=["-base_url", "/deep"]) as server:
        assert server.url.endswith("/deep")
        assert pane_json(server.url, "none") is None


def test_a_login_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISDOM_USERNAME", "ann")
    monkeypatch.setenv("VISDOM_PASSWORD", "secret")
    with visdom_server(flags=["-enable_login"]) as server:
        connect: Any = visdom.Visdom
        known = connect(
            port=server.port, use_incoming_socket=False, username="ann", password="secret"
        )
        assert known.text("hello", win="greeting") == "greeting"
        assert client(server).text("hello", win="greeting") == ""


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-nope"], "the Visdom server has no flag -nope; known are -base_url -readonly"),
        (["-base_url"], "the Visdom server: argument -base_url: expected one argument"),
        (["-base_url", "deep"], "-base_url begins with a slash and ends without one, unlike"),
        (["-enable_login"], "-enable_login takes the user from \\$VISDOM_USERNAME and"),
    ],
)
def test_a_bad_flag_is_named(flags: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISDOM_USERNAME", raising=False)
    with pytest.raises(ValueError, match=said), visdom_server(flags=flags):
        pass
    command = subprocess.run([*COMMAND, *flags], capture_output=True, text=True)
    assert command.returncode == 2


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_the_server_does_without_torch() -> None:
    with visdom_server() as server:
        assert client(server).check_connection()
        assert "libtorch" not in Path(f"/proc/{server.pid}/maps").read_text()
