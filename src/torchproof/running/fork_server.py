"""The fork server: a process that imports torch once and forks for each subject.

A new interpreter takes seconds to import torch; a fork takes milliseconds. The server runs no
torch operator, starts no thread and never touches CUDA, so it is safe to fork. It reads the
messages of `running.messages` from stdin and writes them to stdout.

Each child leads its own session. When it exits or times out, everything that it started is killed;
see `processes.orphans`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from msgspec import Raw

from torchproof.processes.huge_pages import use_huge_pages
from torchproof.processes.orphans import (
    become_subreaper,
    die_with_parent,
    end_copies,
    kill_group,
    kill_orphans,
)
from torchproof.running.child import error_in_words, prepare, reply_and_exit
from torchproof.running.messages import (
    ForkReply,
    ForkRequest,
    MessageError,
    Options,
    Ran,
    Ready,
    Refusal,
    Reply,
    Request,
    decode,
    encode,
    write,
)
from torchproof.running.outcome import (
    OUTPUT_KEPT,
    OUTPUT_LIMIT,
    Outcome,
    ended_early,
    flooded,
    timed_out,
)

_HUGE_AFTER = 20
"""Number of forks after which moving the memory into huge pages pays off."""


def main() -> None:
    """Serve requests until stdin closes; its first line holds the options."""
    replies = os.dup(1)
    # Output that a library prints on import must not be mistaken for a reply.
    os.dup2(2, 1)
    # Ctrl-C signals every process of the terminal; this one exits when its stdin closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = decode(sys.stdin.buffer.readline(), Options)
    # Imports create almost no garbage, yet looking for it takes a tenth of their time.
    gc.disable()
    try:
        with end_copies():
            prepare(options)
    except BaseException as error:
        write(replies, Refusal(error_in_words(error)))
        return
    # The collector ignores frozen objects, so their pages stay shared after a fork.
    gc.freeze()
    gc.enable()
    become_subreaper()
    write(replies, Ready())
    _Server(Path(options.root), replies).serve()


@dataclass
class _Child:
    pid: int
    ticket: int
    deadline: float
    limit: float
    folder: str
    result: int
    """Read ends of the child's pipes."""
    output: int
    chunks: list[bytes] = field(default_factory=list)
    tail: bytes = b""
    written: int = 0
    reason: str = ""
    status: int | None = None


class _Server:
    def __init__(self, root: Path, replies: int) -> None:
        self.root = root
        self.replies = replies
        self.children: dict[int, _Child] = {}
        self.selector = selectors.DefaultSelector()
        self.requests = b""
        self.closed = False
        self.forks = 0
        self.wake, wake_end = socket.socketpair()
        for end in (self.wake, wake_end):
            end.setblocking(False)
        self.wake_end = wake_end
        signal.set_wakeup_fd(wake_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ)
        self.selector.register(self.wake, selectors.EVENT_READ)

    def serve(self) -> None:
        while not self.closed:
            deadline = min((c.deadline for c in self.children.values()), default=None)
            wait = None if deadline is None else max(0.0, deadline - time.monotonic())
            for key, _ in self.selector.select(wait):
                if key.fileobj == 0:
                    self._read_requests()
                elif key.fileobj is self.wake:
                    self.wake.recv(4096)
                else:
                    self._read_child(key.data, key.fd)
            self._reap()
            now = time.monotonic()
            for child in list(self.children.values()):
                if child.deadline <= now and child.status is None:
                    self._stop(child, "timed-out")
        for child in list(self.children.values()):
            self._stop(child, "closed")
            self._finish(child)
        with contextlib.suppress(ChildProcessError):
            while True:
                kill_orphans(known=())
                os.waitpid(-1, 0)

    def _read_requests(self) -> None:
        data = os.read(0, 1 << 16)
        if not data:
            self.closed = True
        *lines, self.requests = (self.requests + data).split(b"\n")
        for line in lines:
            self._start(decode(line + b"\n", ForkRequest))

    def _start(self, asked: ForkRequest) -> None:
        result, result_end = os.pipe()
        output, output_end = os.pipe()
        folder = tempfile.mkdtemp(prefix="torchproof-")
        self.forks += 1
        if self.forks == _HUGE_AFTER:
            use_huge_pages()
        pid = os.fork()
        if pid == 0:
            _become_child(asked.request, self.root, folder, result_end, output_end)
        os.close(result_end)
        os.close(output_end)
        deadline = time.monotonic() + asked.limit
        child = _Child(pid, asked.ticket, deadline, asked.limit, folder, result, output)
        self.children[pid] = child
        for end in (result, output):
            os.set_blocking(end, False)
            self.selector.register(end, selectors.EVENT_READ, child)

    def _read_child(self, child: _Child, end: int) -> None:
        try:
            data = os.read(end, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self.selector.unregister(end)
            os.close(end)
            if end == child.result:
                child.result = -1
            else:
                child.output = -1
        elif end == child.result:
            child.chunks.append(data)
        else:
            child.written += len(data)
            child.tail = (child.tail + data)[-OUTPUT_KEPT:]
            if child.written > OUTPUT_LIMIT and not child.reason:
                self._stop(child, "flooded")

    def _stop(self, child: _Child, reason: str) -> None:
        child.reason = child.reason or reason
        if child.status is not None:
            # It has been reaped, so its pid may belong to another process by now.
            return
        kill_group(child.pid)
        # Between fork and setsid the child has no process group of its own yet.
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            child = self.children.get(ended.si_pid)
            if child is not None:
                # Its pid cannot be reused before it is reaped.
                kill_group(child.pid)
            # Orphans of this child have been reparented to this process.
            kill_orphans(known=self.children)
            _, status = os.waitpid(ended.si_pid, 0)
            if child is not None:
                child.status = status
                self._finish(child)

    def _finish(self, child: _Child) -> None:
        for end in (child.result, child.output):
            while end in (child.result, child.output) and end != -1:
                before = (len(child.chunks), child.written)
                self._read_child(child, end)
                if (len(child.chunks), child.written) == before:
                    break
        for end in (child.result, child.output):
            if end != -1:
                self.selector.unregister(end)
                os.close(end)
        del self.children[child.pid]
        shutil.rmtree(child.folder, ignore_errors=True)
        if child.reason != "closed":
            try:
                write(self.replies, ForkReply(child.ticket, _reply(child)))
            except BrokenPipeError:
                # The worker is gone: kill all children and their orphans.
                self.closed = True


def _reply(child: _Child) -> Raw:
    """Return the child's reply, or one that gives the reason why it wrote none."""
    if child.reason == "timed-out":
        return _stopped(timed_out(child.limit))
    if child.reason == "flooded":
        return _stopped(flooded())
    written = b"".join(child.chunks)
    try:
        decode(written, Reply)
    except MessageError:
        code = os.waitstatus_to_exitcode(child.status or 0)
        return _stopped(ended_early(code, child.tail))
    return Raw(written.rstrip(b"\n"))


def _stopped(outcome: Outcome) -> Raw:
    return Raw(encode(Ran(outcome)).rstrip(b"\n"))


def _become_child(request: Raw, root: Path, folder: str, result: int, output: int) -> NoReturn:
    """Turn the fork into the subject's process; never return."""
    try:
        os.setsid()
        become_subreaper()
        die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # High enough not to clash with descriptors that a subject opens and closes.
        end = os.dup2(result, 200, inheritable=False)
        os.closerange(3, 200)
        os.closerange(201, 1024)
        os.chdir(folder)
        decoded: Request = decode(bytes(request) + b"\n", Request)
        reply_and_exit(decoded, root, to=end, fork=True)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(70)


if __name__ == "__main__":
    main()
