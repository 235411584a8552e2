"""The command of Visdom, as its readers run it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import visdom

from torchproof.visdom.command import Command, visdom_command

# The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")


def client(command: Command) -> visdom.Visdom:
    return visdom.Visdom(port=command.port, raise_exceptions=True, use_incoming_socket=False)


def test_a_client_is_answered_and_the_home_is_its_own() -> None:
    with visdom_command("-bind_local") as command:
        assert client(command).text("hello", win="greeting") == "greeting"
        assert (command.home / ".visdom" / "main.json").exists()
        assert "INFO:root:Working directory: ~/.visdom\n" in command.said
        assert command.said.endswith("http://here:PORT\n") or "http://here:PORT\n" in command.said
    assert command.status == -15
    assert not command.home.exists()


def test_one_that_ends_at_its_start_says_why() -> None:
    with visdom_command("-logging_level=loud") as command:
        assert not command.wait_for("You can navigate")
    assert command.status == 1
    assert command.said.splitlines()[-1] == "KeyError: 'Invalid logging level : loud'"


def test_a_long_log_does_not_stop_it() -> None:
    with visdom_command("-bind_local") as command:
        # A pipe holds 64 kB, and each question is a line of 60 bytes.
        for _ in range(1500):
            assert urllib.request.urlopen(f"{command.url}/user/style.css").status == 200
        assert command.wait_for("INFO:tornado.access:200 GET /user/style.css", times=1500)


STARTS = """
import time
from torchproof.visdom.command import visdom_command
with visdom_command("-bind_local") as command:
    print(command.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a pidfd and the death signal are Linux's")
def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    command = [sys.executable, "-c", STARTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            ended, _, _ = select.select([server], [], [], 20)
        finally:
            os.close(server)
    assert ended


def test_variables_of_a_login_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISDOM_USE_ENV_CREDENTIALS", "1")
    with visdom_command("-bind_local", "-enable_login") as command:
        pass
    assert command.said.startswith("Please input your username: ")


def test_the_download_is_left_out(tmp_path: Path) -> None:
    with visdom_command("-bind_local", home=tmp_path) as command:
        assert "Checking for scripts" not in command.said
