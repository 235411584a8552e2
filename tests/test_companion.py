"""A companion ends when it is told to, whatever it does about that."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from trees import PATIENCE

from torchproof.processes.companion import Companion, spawn

IGNORES = "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
READY = "print('ready', flush=True)\n"
STUBBORN = {
    "closes its output": f"{IGNORES}{READY}os.close(1)\nwhile True: time.sleep(99)",
    "keeps its output": f"{IGNORES}{READY}while True: time.sleep(99)",
    # A pipe without a reader would end it by an error of its own, which is no stubbornness.
    "floods its output": f"{IGNORES}{READY}"
    "while True:\n try: os.write(1, b'x' * 4096)\n except BrokenPipeError: time.sleep(0.01)",
}


def started(code: str) -> Companion:
    with tempfile.TemporaryFile() as errors:
        companion = spawn([sys.executable, "-S", "-c", code], env={}, errors=errors)
    assert companion.first_line(within=PATIENCE) == "ready\n"
    return companion


@pytest.mark.parametrize("code", STUBBORN.values(), ids=STUBBORN)
def test_companion_that_ignores_its_end_is_killed(code: str) -> None:
    companion = started(code)
    pool = ThreadPoolExecutor()
    stopping = pool.submit(companion.stop, patience=0.2)
    try:
        assert stopping.result(10) == -signal.SIGKILL
    finally:
        if psutil.pid_exists(companion.pid):
            psutil.Process(companion.pid).kill()
        pool.shutdown()


def test_companion_that_ends_is_not_waited_for_any_longer() -> None:
    companion = started(f"import time\n{READY}time.sleep(99)")
    begin = time.monotonic()
    assert companion.stop(patience=PATIENCE) == -signal.SIGTERM
    assert time.monotonic() - begin < PATIENCE / 2
