"""Find and kill the processes that a subject leaves running.

A subject leads a process group, which is killed as one. Processes that left the group are found on
Linux only, where orphans are reparented to the nearest subreaper. A forked copy of a subject's
process exits where it would leave the subject's code.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import sys
from collections.abc import Container, Iterator
from pathlib import Path

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def kill_group(pid: int) -> None:
    """Kill what is left of the process group that a process leads.

    Call it before waiting for that process: after that, its id may belong to another one.
    """
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def end_copies() -> Iterator[None]:
    """Exit in each forked copy of this process that reaches the end of the block.

    The block runs code that may fork. torch itself forks to run `addr2line`, in C++: without that
    program the copy raises an error and goes on. Output and cleanup after the block belong to the
    original process.
    """
    original = os.getpid()
    status = 1
    try:
        yield
        status = 0
    except SystemExit as leaving:
        code = leaving.code
        status = code & 0xFF if isinstance(code, int) else int(code is not None)
        raise
    finally:
        if os.getpid() != original:
            os._exit(status)


def become_subreaper() -> None:
    """Become the subreaper: adopt the orphans of this process's descendants.

    The fork server calls this, and so does each subject while it runs. So an orphan that reaches
    the fork server was left by a subject that has ended; no other subject uses it.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def kill_orphans(*, known: Container[int]) -> None:
    """Kill the children of this process that are not `known`."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    with contextlib.suppress(OSError):
        for pid in map(int, path.read_text().split()):
            if pid not in known:
                os.kill(pid, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)


@functools.cache
def _libc() -> ctypes.CDLL:
    # Looked up once, in the fork server, and not in each fork.
    return ctypes.CDLL(None)
