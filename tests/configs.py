"""The files in docs/visdom/configs, for this machine, and the programs that read them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs/visdom/configs"
HOST = "127.0.0.1"


def filled(name: str, places: Mapping[str, str | int]) -> str:
    """Return the file with its example names replaced; each must be in it."""
    text = (FOLDER / name).read_text()
    for place, here in places.items():
        assert place in text, f"{name} has no {place!r}"
        text = text.replace(place, str(here))
    return text


def program(name: str, package: str) -> str:
    """Return the path of a program, or skip the test and name its package."""
    # Debian keeps servers out of the PATH of users.
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    return found or pytest.skip(f"{name} is not here: apt-get install {package}")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine's own address, and its key."""
    pem, key = folder / "visdom.pem", folder / "visdom.key"
    new = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    name = ["-subj", "/CN=visdom", "-addext", f"subjectAltName=IP:{HOST}", "-days", "2"]
    subprocess.run([*new, *name, "-keyout", key, "-out", pem], check=True, capture_output=True)
    return pem, key


@contextlib.contextmanager
def nginx(folder: Path, config: str, port: int) -> Iterator[None]:
    """Run nginx with a file of its `conf.d` until the block ends."""
    command = program("nginx", "nginx-light")
    (folder / "visdom.conf").write_text(config)
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr;\nworker_processes 1;\n"
        f"events {{}}\nhttp {{\n    access_log off;\n{temporary}\n"
        f"    include {folder}/visdom.conf;\n}}\n"
    )
    # Its workers, of another user if root runs it, write what they cannot keep in memory.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [command, "-c", main, "-p", folder, *user], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.terminate()
        process.communicate()


def wait_for_port(port: int, process: subprocess.Popen[str], *, host: str = HOST) -> None:
    """Wait until somebody listens; fail with what the process said if it has ended."""
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, port)):
            return
        if process.poll() is not None:
            pytest.fail(f"it ended: {process.communicate()[1]}")
