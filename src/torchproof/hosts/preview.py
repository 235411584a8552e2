"""Live preview: `python -m torchproof.hosts.preview` rebuilds after each edit and serves the site.

All builds run in this process, and all examples in forks of one fork server, so that a rebuild
imports neither Sphinx nor torch. When the code of torchproof changes, the process re-executes
itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build
from watchfiles import DefaultFilter, watch

from torchproof.finding.tree import find_in_tree
from torchproof.hosts.preview_server import LivePages
from torchproof.running.worker import Worker
from torchproof.sphinx_ext.proving import keep_worker

_CODE = Path(__file__).parents[1]
_WRITTEN = ("_build", "gallery", "panes", "locale")
"""Folders under docs that a build writes to."""


def main(arguments: Sequence[str]) -> int:
    """Build, serve, and build again after each change, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="torchproof.hosts.preview", description=main.__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="where docs/ is")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    out = root / "docs" / "_build" / "html"
    try:
        pages = LivePages(out, port=options.port)
    except OSError as error:
        parser.error(f"port {options.port}: {error.strerror}; choose another with --port")
    ended, anew = _ended(), False
    warm = Worker(root=root, subjects=find_in_tree(root).subjects)
    with suppress(KeyboardInterrupt), pages, warm as worker:
        # The fork server imports torch while the first build reads the pages.
        threading.Thread(target=worker.environment, args=["cpu"], daemon=True).start()
        with keep_worker(worker):
            first = True
            # Watch from before the first build, so that no edit during it is lost.
            for changes in watch(
                *_watched(root),
                watch_filter=_filter(root),
                step=20,
                rust_timeout=200,
                yield_on_timeout=True,
                stop_event=ended,
                raise_interrupt=False,
            ):
                changed = sorted({Path(path) for _, path in changes})
                if any(path.is_relative_to(_CODE) for path in changed):
                    anew = _can_be_read(changed)
                    if anew:
                        break
                elif first or changed:
                    _build(root, out, pages, quiet=not first)
                if first and not ended.is_set():
                    print(f"torchproof: {pages.url} shows the site; Ctrl-C ends", flush=True)
                first = False
    if not anew:
        return 0
    print("torchproof: the code has changed; starting anew", flush=True)
    return os.execv(sys.executable, [sys.executable, "-m", "torchproof.hosts.preview", *arguments])


def _ended() -> threading.Event:
    """Return an event that Ctrl-C sets, since Sphinx swallows the exception during a build."""
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    # watchfiles logs every change.
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    return ended


def _build(root: Path, out: Path, pages: LivePages, *, quiet: bool) -> None:
    begin = time.monotonic()
    doctrees = out.parent / "doctrees" / "html"
    silence = ["-q"] if quiet else []
    status = sphinx_build(
        ["-n", *silence, "-b", "html", "-d", str(doctrees), str(root / "docs"), str(out)]
    )
    pages.built()
    what = "built" if status == 0 else "not built, see above"
    print(f"torchproof: {what} in {time.monotonic() - begin:.1f} s", flush=True)


def _watched(root: Path) -> Iterable[Path]:
    places = (root / "docs", root / "gallery", _CODE)
    return (place for place in places if place.is_dir())


def _filter(root: Path) -> DefaultFilter:
    return DefaultFilter(ignore_paths=[root / "docs" / name for name in _WRITTEN])


def _can_be_read(changed: Iterable[Path]) -> bool:
    for path in changed:
        if path.suffix == ".py" and path.is_file():
            try:
                compile(path.read_bytes(), path, "exec")
            except (SyntaxError, ValueError) as error:
                print(f"torchproof: {path}: {error}; the old code goes on", flush=True)
                return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
