"""docs/visdom/configs/ssh_config, with a real sshd on this machine."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import visdom
from configs import HOST, filled, free_port, program, wait_for_port

from torchproof.visdom.command import visdom_command

pytestmark = [
    # The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
]


@dataclass
class Machine:
    """An sshd, and the options by which ssh gets in."""

    folder: Path
    options: list[str]

    def ssh(self, host: str, config: str) -> subprocess.Popen[str]:
        """Run `ssh -N host` with the text of a configuration file."""
        file = self.folder / "config"
        file.write_text(config)
        command = [program("ssh", "openssh-client"), "-F", str(file), *self.options, "-N", host]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    @contextlib.contextmanager
    def tunnel(self, host: str, config: str, port: int) -> Iterator[None]:
        """Run ssh until the block ends; the block begins when the port is open."""
        process = self.ssh(host, config)
        try:
            wait_for_port(port, process)
            yield
        finally:
            end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End it; what it started may hold its output open, so that is not read to its end."""
    process.terminate()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


def key(path: Path) -> Path:
    new = [
        program("ssh-keygen", "openssh-client"),
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-f",
        str(path),
    ]
    subprocess.run(new, check=True)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    sshd = program("sshd", "openssh-server")
    if os.geteuid() == 0:
        # sshd of Debian wants this folder, which its service makes.
        Path("/run/sshd").mkdir(exist_ok=True)
    own, users = key(tmp_path / "host"), key(tmp_path / "user")
    port = free_port()
    config = tmp_path / "sshd_config"
    config.write_text(
        f"ListenAddress {HOST}:{port}\nHostKey {own}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {users}.pub\nPermitRootLogin yes\n"
    )
    process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True)
    try:
        wait_for_port(port, process)
        names = {"HostName": HOST, "Port": port, "User": getpass.getuser(), "IdentityFile": users}
        unasked = {
            "UserKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no",
            "BatchMode": "yes",
        }
        options = {**names, **unasked, "LogLevel": "ERROR"}
        yield Machine(tmp_path, [f"-o{name}={value}" for name, value in options.items()])
    finally:
        end(process)


@pytest.mark.parametrize(
    ("host", "forward"),
    [("visdom-there", "LocalForward"), ("visdom-here", "RemoteForward")],
)
def test_a_client_draws_through_the_tunnel(machine: Machine, host: str, forward: str) -> None:
    # Both ends are this machine, so they cannot have the same port.
    near = free_port()
    with visdom_command("-bind_local") as server:
        places = {
            f"{forward} {HOST}:8097 {HOST}:8097": f"{forward} {HOST}:{near} {HOST}:{server.port}"
        }
        with machine.tunnel(host, filled("ssh_config", places), near):
            client: Any = visdom.Visdom(port=near, raise_exceptions=True)
            assert client.text("through", win="note") == "note"
            assert client.socket_alive
            client.use_socket = False
        there = visdom.Visdom(port=server.port, use_incoming_socket=False)
        assert there.win_exists("note")


@pytest.mark.parametrize("host", ["visdom-there", "visdom-here"])
def test_ssh_ends_if_the_port_is_taken(machine: Machine, host: str) -> None:
    with visdom_command("-bind_local") as taken:
        config = filled("ssh_config", {f"Forward {HOST}:8097": f"Forward {HOST}:{taken.port}"})
        process = machine.ssh(host, config)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 255
        assert "forward" in said


def test_without_an_address_ssh_goes_on_if_the_port_is_taken(machine: Machine) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with visdom_command("-bind_local") as taken:
        config = filled("ssh_config", {f"LocalForward {HOST}:8097": f"LocalForward {taken.port}"})
        process = machine.ssh("visdom-there", config)
        try:
            wait_for_port(taken.port, process, host="::1")
            assert process.poll() is None
        finally:
            end(process)
