"""What a fresh process can be asked: to run a subject, or to say where it runs."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from torchproof.finding.subjects import Subject
from torchproof.processes.orphans import end_copies, end_with_parent
from torchproof.running.environment import describe_environment, installed_devices
from torchproof.running.execution import execute
from torchproof.running.outcome import Outcome
from torchproof.running.replies import write_reply


def run_patch(path: str) -> None:
    """Run the file that changes torch; what goes wrong in it is a RuntimeError that says where."""
    try:
        runpy.run_path(path, run_name="torchproof_patch")
    except BaseException as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        line = lines[-1] if lines else getattr(error, "lineno", 1)
        said = "".join(traceback.format_exception_only(error)).strip()
        raise RuntimeError(f"{path}:{line}: {said}") from None


def answer(request: dict[str, Any], root: Path, *, fork: bool) -> dict[str, Any]:
    """Answer a request in this process; `root` is what the subject's file is relative to.

    Without `fork` nothing here forks, so that it works where that is not safe or not possible.
    """
    if request["kind"] == "environment":
        return describe_environment(request["device"]).to_json()
    if request["kind"] == "devices":
        return {"devices": list(installed_devices())}
    subject = Subject.from_json(request["subject"])
    if subject.needs == "browser":
        from torchproof.visdom.browser import missing_browser

        if missing := missing_browser():
            return Outcome("skipped", missing).to_json()
    with contextlib.ExitStack() as stack:
        if subject.needs_visdom:
            from torchproof.visdom.client import set_default_port
            from torchproof.visdom.server import forked_visdom_server, visdom_server

            server = stack.enter_context(forked_visdom_server() if fork else visdom_server())
            set_default_port(server.port)
        # The server and its folder are this process's: no copy may take them away.
        stack.enter_context(end_copies())
        return execute(subject, request["device"], root=root).to_json()


def reply_and_exit(request: dict[str, Any], root: Path, *, to: int, fork: bool) -> NoReturn:
    """Answer a request, write the reply to a descriptor and end this process.

    The process that was asked replies, and no copy of it does.
    """
    status = 70
    try:
        with end_copies():
            reply = answer(request, root, fork=fork)
            sys.stdout.flush()
        write_reply(to, reply)
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        # No clean-up of the interpreter: the process and all of its threads simply end.
        os._exit(status)


def main() -> None:
    """Answer the one request on stdin: the way for platforms without fork."""
    end_with_parent()
    replies = os.dup(1)
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    try:
        with end_copies():
            for module in request["preload"]:
                importlib.import_module(module)
            if request["patch"]:
                run_patch(request["patch"])
    except Exception as error:
        message = "".join(traceback.format_exception_only(error)).strip()
        write_reply(replies, {"error": message})
        return
    write_reply(replies, {"ready": os.getpid()})
    os.chdir(request["folder"])
    reply_and_exit(request, Path(request["root"]), to=replies, fork=False)


if __name__ == "__main__":
    main()
