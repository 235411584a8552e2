"""Execute a subject's statements in its own process."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import runpy
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from torchproof.devices import DEVICES
from torchproof.finding.marks import hold_on, running_versions
from torchproof.finding.subjects import Statement, Subject
from torchproof.pictures.recording import record
from torchproof.processes.orphans import end_copies
from torchproof.running.checker import same_output
from torchproof.running.environment import prepare_device
from torchproof.running.outcome import Drawing, Failure, Outcome, Status

OUTPUT_LIMIT = 1 << 20
"""Characters that one statement may print."""
_SHOWN = 2000
"""Characters kept of a failure's output and of its traceback."""
_FAILURES = 5
"""Number of failures after which a subject stops."""


def execute(subject: Subject, device: str, *, root: Path) -> Outcome:
    """Run a subject in this process and compare its output."""
    begin = time.perf_counter()
    _prepare(device)
    if subject.kind == "script":
        outcome = _run_script(subject, root)
    else:
        outcome = _run_entry(subject, device)
    seconds = time.perf_counter() - begin
    return replace(outcome, seconds=seconds)


def _prepare(device: str) -> None:
    # The CPU is the default; setting it would run every call under a torch function mode.
    if device != "cpu":
        import torch

        prepare_device(device)

        torch.set_default_device(device)


def _run_entry(subject: Subject, device: str) -> Outcome:
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    failures: list[Failure] = []
    drawings: list[Drawing] = []
    ran = checked = 0
    pid = os.getpid()
    where = running_versions()
    for index, example in enumerate((*subject.setup, *subject.examples)):
        if not hold_on(example.marks, where):
            continue
        before = len(failures)
        for statement in example.statements:
            failure = _run_statement(statement, namespace, subject.file, device, pid=pid)
            if failure is not None:
                failures.append(failure)
            else:
                checked += statement.checked
            if len(failures) >= _FAILURES:
                return Outcome("failed", "", tuple(failures), ran, checked)
        if len(failures) == before:
            ran += index >= len(subject.setup)
            for picture in example.pictures:
                try:
                    shown = record(picture, namespace)
                    drawings.append(Drawing(index - len(subject.setup), picture.name, shown))
                except Exception as error:
                    failures.append(
                        Failure(example.line, f":{picture.kind}: {picture.name}", "", str(error))
                    )
    status: Status = "failed" if failures else "passed"
    return Outcome(status, "", tuple(failures), ran, checked, drawings=tuple(drawings))


def _run_statement(
    statement: Statement, namespace: dict[str, Any], file: str, device: str, *, pid: int
) -> Failure | None:
    out = _Output()
    raised: BaseException | None = None
    with contextlib.redirect_stdout(out), _displayhook():
        try:
            exec(_compile(statement, file), namespace)
        except BaseException as error:
            if os.getpid() != pid:
                # The error is in a forked copy of this process, which exits; the subject goes on.
                raise
            raised = error
    printed = out.getvalue()
    if raised is None:
        if statement.raises is None and same_output(statement.want, printed, device=device):
            return None
        return _failure(statement, _cut(DEVICES[device].as_on_cpu(printed)))
    message = "".join(traceback.format_exception_only(raised))
    if statement.raises is not None and same_output(statement.raises, message, device=device):
        return None
    return _failure(statement, _cut(printed) + _traceback(raised, file)[-_SHOWN:])


def _compile(statement: Statement, file: str) -> Any:
    # inspect.getsource and tracebacks read the source from linecache; in the page itself, lines
    # begin with prompts.
    lines = linecache.getlines(file) if file in linecache.cache else []
    lines += ["\n"] * (statement.line - 1 - len(lines)) + statement.source.splitlines(True)
    linecache.cache[file] = (len(lines), None, lines, file)
    # Pad with empty lines to get the right line number; ast.increment_lineno takes thrice as long.
    source = "\n" * (statement.line - 1) + statement.source
    return compile(source, file, "single", dont_inherit=True)


def _cut(printed: str) -> str:
    more = len(printed) - _SHOWN
    return printed if more <= 0 else f"{printed[:_SHOWN]}\n[{more} more characters]\n"


def _failure(statement: Statement, got: str) -> Failure:
    return Failure(statement.line, statement.source.rstrip("\n"), statement.want, got)


def _traceback(error: BaseException, file: str) -> str:
    """Return the traceback without the frames of the runner."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != file:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _run_script(subject: Subject, root: Path) -> Outcome:
    path = root / subject.file
    out = _Output()
    sys.argv = [str(path)]
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings(), end_copies():
            runpy.run_path(str(path), run_name="__main__")
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (0, None):
            message = "the script left with sys.exit before its end\n"
        else:
            message = _traceback(error, str(path))
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = (frames[-1].lineno if frames else None) or 1
        source = subject.source.splitlines()[line - 1 : line]
        return Outcome("failed", "", (Failure(line, "".join(source), "", message[-_SHOWN:]),))
    return Outcome("passed", examples=1, checked=subject.asserts)


class _Output(io.StringIO):
    """Captured output of bounded size."""

    def write(self, text: str) -> int:
        if self.tell() + len(text) > OUTPUT_LIMIT:
            raise OutputTooLong(f"the statement printed more than {OUTPUT_LIMIT} characters")
        return super().write(text)


class OutputTooLong(RuntimeError):
    """A statement printed more than OUTPUT_LIMIT characters."""


@contextlib.contextmanager
def _displayhook() -> Iterator[None]:
    before, sys.displayhook = sys.displayhook, sys.__displayhook__
    try:
        yield
    finally:
        sys.displayhook = before
