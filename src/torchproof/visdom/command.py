"""Run Visdom's own command, as its readers do, with its download replaced by files from npm.

Our other server (`visdom.server`) makes the application itself, without the command line, the log
and the start-up of Visdom. What is said of those is proven with this one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from torchproof.visdom.application import HOST
from torchproof.visdom.front_end import front_end_folder

# The server imports the client, which imports torch if installed: four fifths of the start-up.
_COMMAND = """
import os, sys
sys.path.insert(0, {source!r})
from torchproof.processes.orphans import die_with_parent
die_with_parent()
del sys.path[0]
sys.modules["torch"] = None
from visdom.server import app, run_server
run_server.download_scripts = lambda: None
if static := os.environ.get("TORCHPROOF_STATIC"):
    app.tornado_settings["static_path"] = static
{before}
run_server.download_scripts_and_run()
"""
_SOURCE = str(Path(__file__).parents[2])
_LISTENING = "You can navigate to "


@dataclass
class Command:
    """A running command; `status` and the end of what it `said` are there after its block."""

    port: int
    url: str
    home: Path
    pid: int
    lines: list[str] = field(default_factory=list)
    status: int | None = None
    _heard: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _ended: bool = False

    @property
    def said(self) -> str:
        """Return what it has printed and logged, with its port as PORT and its home as ~."""
        said = "".join(self.lines).replace(str(self.home), "~")
        return said.replace(str(self.port), "PORT")

    def wait_for(self, line: str, *, times: int = 1, within: float | None = None) -> bool:
        """Wait until so many lines begin with `line`; return False if it ended, or is late."""
        with self._heard:
            self._heard.wait_for(lambda: self._ended or self._count(line) >= times, within)
            return self._count(line) >= times

    def _count(self, line: str) -> int:
        return sum(said.startswith(line) for said in self.lines)

    def read(self, output: IO[str]) -> None:
        """Take over what the process prints, line by line, until it ends."""
        with output:
            for line in output:
                with self._heard:
                    self.lines.append(line)
                    self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()


@contextlib.contextmanager
def visdom_command(
    *flags: str,
    port: int | None = None,
    home: Path | None = None,
    front_end: bool = False,
    env: Mapping[str, str] | None = None,
    before: str = "",
) -> Iterator[Command]:
    """Run `visdom FLAGS` until the block ends, on a free port and in an empty home folder.

    The block begins when the command says where it listens, or has ended. `env` is added to its
    environment, and `before` is Python that runs first. It gets no input. Only its download is
    left out; `front_end` is for browsers. Without the flag `-bind_local` it listens on every
    interface, as Visdom does.
    """
    with tempfile.TemporaryDirectory(prefix="torchproof-command-") as folder:
        # A file, not `-c`: tornado starts the process again when its source changes.
        program = Path(folder, "visdom")
        program.write_text(_COMMAND.format(source=_SOURCE, before=before))
        home = home or Path(folder, "home")
        home.mkdir(exist_ok=True)
        port = port or _free_port()
        static = {"TORCHPROOF_STATIC": str(front_end_folder())} if front_end else {}
        process = subprocess.Popen(
            [sys.executable, str(program), f"-port={port}", *flags],
            text=True,
            env={**_environment(home), **static, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        command = Command(port, f"http://{HOST}:{port}", home, process.pid)
        # Its log would fill the pipe and stop it, if nobody read on.
        reader = threading.Thread(target=command.read, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            command.wait_for(_LISTENING)
            yield command
        finally:
            process.terminate()
            command.status = process.wait()
            reader.join()


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VISDOM_")}
    home_of = {"HOME": str(home), "XDG_CONFIG_HOME": f"{home}/.config"}
    return {**kept, **home_of, "HOSTNAME": "here", "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port
