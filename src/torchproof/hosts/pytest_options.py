"""The options that the pytest plugin adds to the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from torchproof.devices import DEVICES


def add_options(parser: pytest.Parser) -> None:
    """Add --device, --record, --due, --patch, --no-fork, --watched, --dask and --drift."""
    group = parser.getgroup("torchproof")
    group.addoption(
        "--device",
        action="append",
        default=[],
        metavar="|".join([*DEVICES, "all"]),
        help="run on this device (repeatable); sim is a simulated accelerator, compiled when first "
        "asked for; default: all that are present, without sim",
    )
    group.addoption(
        "--record",
        action="store_true",
        help="write the outcomes to docs/verified/<environment>.json",
    )
    group.addoption(
        "--due",
        action="store_true",
        help="leave out what docs/verified says passed here, as it stands now; with --record, an "
        "interrupted run goes on where it ended",
    )
    group.addoption(
        "--patch",
        type=Path,
        metavar="FILE.py",
        help="run this file in the workers before any subject, to try the pages on a changed torch",
    )
    group.addoption(
        "--no-fork",
        action="store_true",
        help="run each subject in a new interpreter, not in a fork; the default except on Linux",
    )
    group.addoption(
        "--watched",
        action="store_true",
        help="keep a page open in Chromium on each env that a Visdom subject draws in; it answers "
        "to a close as a slow page does, so a window that is closed and drawn again is lost",
    )
    group.addoption(
        "--dask",
        metavar="ADDRESS",
        help="run on the workers of this Dask scheduler, such as tcp://127.0.0.1:8786; a scheduler "
        "and its workers run whatever anyone who reaches them sends: start both with --host "
        "127.0.0.1 or an address of a private network, or with TLS",
    )
    group.addoption(
        "--drift",
        type=Path,
        metavar="FILE.md",
        help="write what held on another torch and does not here, as a table, to this file",
    )
