"""What a fresh process can be asked: to run a subject, or to say where it runs."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from torchproof.environment import describe_environment, installed_devices
from torchproof.execution import execute
from torchproof.outcome import Outcome
from torchproof.subjects import Subject


def run_patch(path: str) -> None:
    """Run the file that changes torch; what goes wrong in it is a RuntimeError that says where."""
    try:
        runpy.run_path(path, run_name="torchproof_patch")
    except BaseException as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        line = lines[-1] if lines else getattr(error, "lineno", 1)
        said = "".join(traceback.format_exception_only(error)).strip()
        raise RuntimeError(f"{path}:{line}: {said}") from None


def answer(request: dict[str, Any], root: Path) -> dict[str, Any]:
    """Answer a request in this process; `root` is what the subject's file is relative to."""
    if request["kind"] == "environment":
        return describe_environment(request["device"]).to_json()
    if request["kind"] == "devices":
        return {"devices": list(installed_devices())}
    subject = Subject.from_json(request["subject"])
    if subject.needs == "browser":
        from torchproof.visdom_browser import missing_browser

        if missing := missing_browser():
            return Outcome("skipped", missing).to_json()
    with contextlib.ExitStack() as stack:
        if subject.needs_visdom:
            from torchproof.visdom_client import set_default_port
            from torchproof.visdom_server import forked_visdom_server

            server = stack.enter_context(forked_visdom_server())
            set_default_port(server.port)
        return execute(subject, request["device"], root=root).to_json()


def main() -> None:
    """Answer the one request on stdin: the way for platforms without fork."""
    replies = os.dup(1)
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    try:
        for module in request["preload"]:
            importlib.import_module(module)
        if request["patch"]:
            run_patch(request["patch"])
    except Exception as error:
        message = "".join(traceback.format_exception_only(error)).strip()
        os.write(replies, json.dumps({"error": message}).encode() + b"\n")
        return
    os.write(replies, json.dumps({"ready": os.getpid()}).encode() + b"\n")
    with tempfile.TemporaryDirectory(prefix="torchproof-") as folder:
        os.chdir(folder)
        result = answer(request, Path(request["root"]))
        os.chdir(request["root"])
    with os.fdopen(replies, "wb") as pipe:
        pipe.write(json.dumps(result).encode() + b"\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
