"""Find and kill the processes that a subject leaves running.

A subject leads a process group, which can be killed as one. What it detached from that group is
found on Linux only, where an orphan goes to the nearest ancestor that adopts orphans. A copy of a
subject's process, made by a fork, ends itself where it would leave the subject's code.
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
    """Kill whatever is left of the process group that a process leads.

    Call it before that process is waited for: then its number may be that of another one.
    """
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def end_copies() -> Iterator[None]:
    """End each copy of this process that leaves the block, before anything after it runs.

    The block runs code that may fork. torch, too, forks to run `addr2line`, in C++: without that
    program its copy raises an error and goes on. What a copy would write or clean up after the
    block is the original's.
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
    """Become the parent of what this process's descendants leave behind.

    The fork server does so, and each subject for as long as it runs: what reaches the fork
    server was left by a subject that has ended, and is nothing that another one still uses.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent dies, however that happens."""
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
    # Looked up once, in the fork server, and not by every fork of it.
    return ctypes.CDLL(None)
