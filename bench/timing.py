"""Times of commands on a noisy machine: all of them in turn, several times over."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command and the folder that it runs in."""

    arguments: Sequence[str]
    folder: Path


@dataclass(frozen=True)
class Sample:
    """One run of a command."""

    wall: float
    """Seconds on the clock."""
    cpu: float
    """Seconds of processors, of the command and of all the processes that it waited for."""
    output: str


def run(command: Command) -> Sample:
    """Run a command; raises RuntimeError with its output if it fails."""
    # A hash seed and threads of its own for each command would only add to the noise.
    env = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command.arguments)} failed:\n{output[-3000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, output)


def in_turn(commands: Mapping[str, Command], rounds: int) -> dict[str, list[Sample]]:
    """Run every command once in each round, so that all of them see the same load."""
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            samples[name].append(run(command))
    return samples


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
