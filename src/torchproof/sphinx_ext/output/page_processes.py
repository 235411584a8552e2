"""Run each page of the stock doctest builder in a process of its own, several in parallel."""

from __future__ import annotations

import io
import logging as stock_logging
import multiprocessing
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from sphinx.util import logging

_logger = logging.getLogger(__name__)
_COUNTS = tuple(
    f"{part}_{what}" for part in ("total", "setup", "cleanup") for what in ("tries", "failures")
)


@dataclass(frozen=True)
class _Judged:
    """The result of one page's process."""

    said: list[stock_logging.LogRecord]
    written: str
    counts: dict[str, int]
    error: str = ""


def each_in_its_process(
    builder: Any, docnames: Sequence[str], *, run: Callable[[str], None], jobs: int
) -> None:
    """Run pages in forks of this process, started in this order, and merge the results.

    A page whose process exits without a result counts as a failure.
    """
    fork = multiprocessing.get_context("fork")
    waiting = list(docnames)
    running: dict[Connection, tuple[str, Any]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            docname = waiting.pop(0)
            # The fork would write buffered output a second time.
            builder.outfile.flush()
            receiver, sender = fork.Pipe(duplex=False)
            process = fork.Process(target=_judge, args=(builder, docname, run, sender))
            process.start()
            # The child now holds the only sending end, which closes when it dies.
            sender.close()
            running[receiver] = docname, process
        for ready in wait(list(running)):
            assert isinstance(ready, Connection)
            docname, process = running.pop(ready)
            try:
                judged: _Judged = ready.recv()
            except EOFError:
                judged = _Judged([], "", {}, error="its process died")
            process.join()
            if not judged.counts:
                error = f"{judged.error}, with status {process.exitcode}, before it was judged"
                _logger.warning("%s", error, location=docname)
                builder.total_failures += 1
            _take(builder, judged)


def _take(builder: Any, judged: _Judged) -> None:
    for record in judged.said:
        _logger.handle(record)
    builder.outfile.write(judged.written)
    for name, count in judged.counts.items():
        setattr(builder, name, getattr(builder, name) + count)


def _judge(builder: Any, docname: str, run: Callable[[str], None], sender: Connection) -> NoReturn:
    status = 1
    try:
        builder.outfile = io.StringIO()
        for name in _COUNTS:
            setattr(builder, name, 0)
        collector = logging.LogCollector()
        try:
            with collector.collect():
                run(docname)
            counts, error = {name: getattr(builder, name) for name in _COUNTS}, ""
        except BaseException:
            counts, error = {}, traceback.format_exc()
        logging.convert_serializable(collector.logs)
        sender.send(_Judged(collector.logs, builder.outfile.getvalue(), counts, error))
        status = 0
    finally:
        # Threads, exit handlers and child processes of the page must not keep the process alive.
        os._exit(status)
