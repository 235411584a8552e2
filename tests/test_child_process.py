"""A child ends when it is told to, whatever it does about that."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from trees import PATIENCE

from torchproof.processes.child_process import ChildProcess, spawn

IGNORES = "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
READY = "print('ready', flush=True)\n"
STUBBORN = {
    "closes its output": f"{IGNORES}{READY}os.close(1)\nwhile True: time.sleep(99)",
    "keeps its output": f"{IGNORES}{READY}while True: time.sleep(99)",
    # A pipe without a reader would end it by an error of its own, which is no stubbornness.
    "floods its output": f"{IGNORES}{READY}"
    "while True:\n try: os.write(1, b'x' * 4096)\n except BrokenPipeError: time.sleep(0.01)",
}


def started(code: str) -> ChildProcess:
    with tempfile.TemporaryFile() as errors:
        child = spawn([sys.executable, "-S", "-c", code], env={}, errors=errors)
    assert child.first_line(within=PATIENCE) == "ready\n"
    return child


@pytest.mark.parametrize("code", STUBBORN.values(), ids=STUBBORN)
def test_child_that_ignores_its_end_is_killed(code: str) -> None:
    child = started(code)
    pool = ThreadPoolExecutor()
    stopping = pool.submit(child.stop, patience=0.2)
    try:
        assert stopping.result(10) == -signal.SIGKILL
    finally:
        if psutil.pid_exists(child.pid):
            psutil.Process(child.pid).kill()
        pool.shutdown()


def test_child_that_ends_is_not_waited_for_any_longer() -> None:
    child = started(f"import time\n{READY}time.sleep(99)")
    begin = time.monotonic()
    assert child.stop(patience=PATIENCE) == -signal.SIGTERM
    assert time.monotonic() - begin < PATIENCE / 2
