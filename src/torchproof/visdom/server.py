"""Run a real Visdom server, offline and on loopback, for the duration of a `with` block.

Each server has its own process, port and folders, so that several never collide. As a command,
`python -m torchproof.visdom_server` runs one in the foreground.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from torchproof.processes import child_process
from torchproof.processes.child_process import ChildProcess
from torchproof.processes.orphans import end_copies
from torchproof.visdom.application import HOST, PortTakenError, ServerError, serve
from torchproof.visdom.front_end import front_end_folder
from torchproof.visdom.server_flags import Settings
from torchproof.visdom.server_process import TAKEN, accompany
from torchproof.visdom.watching import is_watched, watched

__all__ = [
    "PortTakenError",
    "Server",
    "ServerError",
    "forked_visdom_server",
    "serve",
    "visdom_server",
]

Start = Callable[[Path, Path, IO[bytes]], ChildProcess]


@dataclass(frozen=True)
class Server:
    """A running Visdom server; `log` is the file with its warnings and errors."""

    port: int
    url: str
    env_path: Path
    pid: int
    log: Path


@contextlib.contextmanager
def visdom_server(
    *,
    port: int | None = None,
    front_end: bool = False,
    env_path: Path | None = None,
    flags: Sequence[str] = (),
    ready_within: float = 30.0,
) -> Iterator[Server]:
    """Run a server in a new interpreter, by default on a free port with an empty folder.

    `front_end` is for browsers; the API needs none. `flags` are those of `python -m visdom.server`
    that `Settings` supports, such as `-readonly`. Raises `ServerError` (`PortTakenError` for a
    taken port), `ValueError` for a bad flag, `AssetsError` if the front end cannot be installed.
    """
    settings = Settings.parse(flags)
    command = [
        sys.executable,
        "-m",
        "torchproof.visdom.server_process",
        f"--port={port or 0}",
        *flags,
    ]
    if front_end or is_watched():
        command.append(f"--static={front_end_folder()}")
    # The new interpreter must find this package even if it is only on sys.path.
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}

    def start(scratch: Path, env_path: Path, errors: IO[bytes]) -> ChildProcess:
        folders = [f"--env-path={env_path}", f"--scratch={scratch}"]
        return child_process.spawn([*command, *folders], env=env, errors=errors)

    with _running(
        start, port=port, env_path=env_path, settings=settings, ready_within=ready_within
    ) as server:
        yield server


@contextlib.contextmanager
def forked_visdom_server(*, ready_within: float = 30.0) -> Iterator[Server]:
    """Run a server like `visdom_server()` in a fork of this process, which must be single-threaded.

    If `visdom.server.app` is already imported, the server answers within milliseconds.
    """
    settings = Settings()
    static = front_end_folder() if is_watched() else None

    def start(scratch: Path, env_path: Path, errors: IO[bytes]) -> ChildProcess:
        main = functools.partial(
            accompany, port=0, env_path=env_path, static=static, settings=settings, scratch=scratch
        )
        return child_process.fork(main, errors=errors)

    with _running(start, settings=settings, ready_within=ready_within) as server:
        yield server


@contextlib.contextmanager
def _running(
    start: Start,
    *,
    settings: Settings,
    ready_within: float,
    port: int | None = None,
    env_path: Path | None = None,
) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="torchproof-visdom-") as folder:
        scratch = Path(folder)
        # That of the command without -env_path: ~/.visdom, as $HOME is `scratch`.
        env_path = env_path or scratch / ".visdom"
        log = scratch / "server.log"
        with log.open("wb") as errors:
            process = start(scratch, env_path, errors)
        late = said = ""
        try:
            try:
                said = process.first_line(within=ready_within)
            except TimeoutError:
                late = f"did not answer within {ready_within:g} s"
            if said:
                bound = json.loads(said)["port"]
                url = f"http://{HOST}:{bound}{settings.base_url}"
                # A forked copy of this process must not stop the server.
                with end_copies(), _pages(bound, url, settings):
                    yield Server(bound, url, env_path, process.pid, log)
        finally:
            status = process.stop()
        if status == TAKEN:
            raise PortTakenError(port)
        if not said:
            last = log.read_text(errors="replace").splitlines()[-8:]
            what = late or f"died at its start, with status {status}"
            raise ServerError("\n    ".join([f"the Visdom server {what}; its log ends:", *last]))


def _pages(port: int, url: str, settings: Settings) -> AbstractContextManager[None]:
    # A page of the one asks for a password, a page of the other has no socket.
    if settings.enable_login or settings.use_frontend_client_polling:
        return contextlib.nullcontext()
    return watched(port, url)
