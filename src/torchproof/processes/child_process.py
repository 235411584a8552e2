"""A child process that prints one line when it is ready and never outlives its parent.

Two pipes connect them. The child's standard output closes when it dies; its standard input
closes when the parent dies, however that happens. So neither has to poll, and no child is
left behind. POSIX only.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, NoReturn


@dataclass(frozen=True)
class ChildProcess:
    """A running child process, as its parent sees it."""

    pid: int
    output: int
    lifeline: int

    def first_line(self, *, within: float) -> str:
        """Return the first line of its output, empty if it died; TimeoutError if it is late."""
        deadline = time.monotonic() + within
        line = b""
        while not line.endswith(b"\n"):
            if not _readable(self.output, deadline):
                raise TimeoutError
            byte = os.read(self.output, 1)
            if not byte:
                return ""
            line += byte
        return line.decode()

    def stop(self, *, patience: float = 2.0) -> int:
        """Terminate it, kill it after `patience` seconds, and return its exit status."""
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + patience
        # Read its output until it closes, which is usually when it exits.
        while time.monotonic() < deadline and _readable(self.output, deadline):
            if not os.read(self.output, 4096):
                break
        os.close(self.output)
        os.close(self.lifeline)
        status = _status_by(deadline, self.pid)
        if status is None:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def spawn(command: list[str], *, env: Mapping[str, str], errors: IO[bytes]) -> ChildProcess:
    """Start a child from a command line; its standard error goes to `errors`."""
    stdin, lifeline = os.pipe()
    output, stdout = os.pipe()
    pid = os.posix_spawn(
        command[0],
        command,
        env,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, stdin, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ],
        setpgroup=0,
        setsigdef=[signal.SIGINT, signal.SIGTERM],
    )
    os.close(stdin)
    os.close(stdout)
    return ChildProcess(pid, output, lifeline)


def fork(main: Callable[[], int], *, errors: IO[bytes]) -> ChildProcess:
    """Fork a child that runs `main` with the modules that this process has imported."""
    if threading.active_count() > 1:
        names = ", ".join(sorted(thread.name for thread in threading.enumerate()))
        raise RuntimeError(
            f"a process with several threads ({names}) cannot be forked safely: "
            "fork before they start, or spawn the child"
        )
    stdin, lifeline = os.pipe()
    output, stdout = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 also counts the threads of BLAS, which no child uses.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        # With its own copy of the lifeline the child would not see the parent exit.
        os.close(lifeline)
        os.close(output)
        _become(main, stdin=stdin, stdout=stdout, stderr=errors.fileno())
    os.close(stdin)
    os.close(stdout)
    return ChildProcess(pid, output, lifeline)


def report_ready(line: str) -> None:
    """Print the ready line; everything printed afterwards goes to standard error."""
    print(line, flush=True)
    sys.stdout = sys.stderr


def exit_with_parent(cleanup: Callable[[], None]) -> None:
    """Call `cleanup` and exit as soon as the parent is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        try:
            cleanup()
        finally:
            os._exit(0)

    threading.Thread(target=watch, name="exit-with-parent", daemon=True).start()


def _become(main: Callable[[], int], *, stdin: int, stdout: int, stderr: int) -> NoReturn:
    status = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for own, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, own)
        # The parent's streams may be captured, or hold unwritten output.
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        status = main()
    except BaseException:
        traceback.print_exc()
    finally:
        # No exit handler, destructor or buffer of the parent may run here.
        os._exit(status)


def _readable(descriptor: int, deadline: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(max(deadline - time.monotonic(), 0)))


def _status_by(deadline: float, pid: int) -> int | None:
    """Return the status of a child, or None if it still runs at the deadline."""
    pause = 0.0005
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() >= deadline:
            return None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
