"""A process that answers one request: run a subject, describe a device or list the devices."""

from __future__ import annotations

import contextlib
import importlib
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from torchproof.processes.orphans import die_with_parent, end_copies
from torchproof.running.environment import (
    describe_environment,
    installed_devices,
    prepare_device,
)
from torchproof.running.execution import execute
from torchproof.running.messages import (
    Described,
    DescribeDevice,
    Devices,
    ListDevices,
    Options,
    Ran,
    Ready,
    Refusal,
    Reply,
    Request,
    SpawnRequest,
    decode,
    write,
)
from torchproof.running.outcome import Outcome


def prepare(options: Options) -> None:
    """Import the modules in the options, then run the patch.

    Raises ImportError for a missing module and RuntimeError for an error in the patch.
    """
    for module in options.preload:
        importlib.import_module(module)
    for module in options.extra:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if options.patch:
        _run_patch(options.patch)


def _run_patch(path: str) -> None:
    try:
        runpy.run_path(path, run_name="torchproof_patch")
    except BaseException as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        line = lines[-1] if lines else getattr(error, "lineno", 1)
        raise RuntimeError(f"{path}:{line}: {error_in_words(error)}") from None


def error_in_words(error: BaseException) -> str:
    """Return an error's type and message, without its traceback."""
    return "".join(traceback.format_exception_only(error)).strip()


def answer(request: Request, root: Path, *, fork: bool) -> Reply:
    """Answer a request in this process; `root` is the folder that the subject's path starts from.

    With `fork=False` nothing here forks, for processes where that is unsafe or impossible.
    """
    if isinstance(request, DescribeDevice):
        try:
            prepare_device(request.device)
        except RuntimeError as error:
            return Refusal(str(error))
        return Described(describe_environment(request.device))
    if isinstance(request, ListDevices):
        return Devices(installed_devices())
    subject = request.subject
    if subject.needs == "browser":
        from torchproof.visdom.browser import missing_browser

        if missing := missing_browser():
            return Ran(Outcome("skipped", missing))
    with contextlib.ExitStack() as stack:
        if subject.needs_visdom:
            from torchproof.visdom.client import set_default_port
            from torchproof.visdom.server import forked_visdom_server, visdom_server

            server = stack.enter_context(forked_visdom_server() if fork else visdom_server())
            set_default_port(server.port)
        # The Visdom server and its folder belong to this process; a forked copy must not end them.
        stack.enter_context(end_copies())
        return Ran(execute(subject, request.device, root=root))


def reply_and_exit(request: Request, root: Path, *, to: int, fork: bool) -> NoReturn:
    """Answer a request, write the reply to the descriptor `to` and exit.

    Only this process replies; its forked copies exit without a reply.
    """
    status = 70
    try:
        with end_copies():
            reply = answer(request, root, fork=fork)
            sys.stdout.flush()
        write(to, reply)
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        # Skip the interpreter's cleanup: exit at once, with all threads.
        os._exit(status)


def main() -> None:
    """Answer the one request on stdin; used on platforms without fork."""
    die_with_parent()
    replies = os.dup(1)
    os.dup2(2, 1)
    asked = decode(sys.stdin.buffer.readline(), SpawnRequest)
    try:
        with end_copies():
            prepare(asked.options)
    except Exception as error:
        write(replies, Refusal(error_in_words(error)))
        return
    write(replies, Ready())
    os.chdir(asked.folder)
    reply_and_exit(asked.request, Path(asked.options.root), to=replies, fork=False)


if __name__ == "__main__":
    main()
