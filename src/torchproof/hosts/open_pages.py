"""The pages that --watched keeps open while subjects run."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

import pytest

from torchproof.finding.subjects import Subject
from torchproof.visdom.chromium import BrowserMissingError
from torchproof.visdom.front_end import AssetsError, front_end_folder
from torchproof.visdom.watcher import watcher
from torchproof.visdom.watching import WATCHER

_TIMES = 4
"""Factor of a subject's time limit: a page takes seconds to load, and draws what it gets."""


def with_time(subject: Subject, config: pytest.Config) -> Subject:
    """Return the subject with the time that it has beside open pages."""
    return replace(subject, limit=_TIMES * subject.limit) if config.option.watched else subject


def open_pages(config: pytest.Config) -> None:
    """Start the browser for --watched, and tell the workers its address; under xdist, once."""
    if not config.option.watched or hasattr(config, "workerinput"):
        return
    for option in ("record", "due", "dask"):
        if getattr(config.option, option):
            raise pytest.UsageError(
                f"--watched: what runs beside an open page is no verdict: leave --{option} out"
            )
    with contextlib.ExitStack() as stack:
        try:
            # The browser first: a machine without one most often lacks npm, too.
            os.environ[WATCHER] = stack.enter_context(watcher())
            front_end_folder()
        except (AssetsError, BrowserMissingError) as error:
            raise pytest.UsageError(f"--watched: {error}") from None
        stack.callback(os.environ.pop, WATCHER)
        config.add_cleanup(stack.pop_all().close)
