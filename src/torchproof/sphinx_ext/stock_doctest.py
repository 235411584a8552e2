"""What the stock `sphinx-build -b doctest` needs: a Visdom server, as new for each page.

The builder runs all pages in the process that has read them, one after the other. With `-j` each
runs in a process of its own, so that all cores work. What runs, and how it is compared, stays the
builder's.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.parallel import parallel_available

from torchproof.preloading import EXTRA
from torchproof.sphinx_ext.page_processes import each_in_its_process

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_VISDOM = re.compile(r"^\s*>>> .*visdom", re.MULTILINE)


def _start(app: Sphinx) -> None:
    if app.builder.name != "doctest":
        return
    # As in a worker: torch must not fork to run addr2line, which need not be there.
    os.environ.setdefault("TORCH_SYMBOLIZE_MODE", "dladdr")
    from torchproof.visdom_client import quiet_client

    quiet_client()
    builder: Any = app.builder
    stock = builder.write_documents
    visdom: Any = importlib.import_module("visdom")
    do_tsne = visdom.do_tsne

    def write_page(docname: str) -> None:
        # What a page before has put into visdom.
        visdom.do_tsne = do_tsne
        with _server_for(Path(app.env.doc2path(docname))):
            stock({docname})

    def write_documents(docnames: AbstractSet[str]) -> None:
        forks = app.parallel > 1 and parallel_available
        if forks:
            _preload()
        # What was read stays to the end; nobody need look through it again and again.
        gc.collect()
        gc.freeze()
        if forks:
            first = sorted(docnames, key=lambda name: _length(Path(app.env.doc2path(name))))
            each_in_its_process(builder, first[::-1], run=write_page, jobs=app.parallel)
            return
        for docname in sorted(docnames):
            write_page(docname)

    builder.write_documents = write_documents


def _preload() -> None:
    """Import what pages would import one by one, seconds each time, before they are forked."""
    for module in ("torch._dynamo", "matplotlib.pyplot", *EXTRA):
        with suppress(ImportError):
            importlib.import_module(module)


@contextmanager
def _server_for(page: Path) -> Iterator[None]:
    """Run a server for a page whose code speaks of visdom, and quiet its clients afterwards."""
    if not _VISDOM.search(page.read_text(encoding="utf-8")):
        yield
        return
    from torchproof.visdom_client import set_default_port
    from torchproof.visdom_server import visdom_server

    with visdom_server() as server:
        set_default_port(server.port)
        yield
        visdom: Any = importlib.import_module("visdom")
        for client in gc.get_objects():
            if type(client) is visdom.Visdom:
                # It would try to reconnect, for as long as this process lives.
                client.use_socket = False


def _length(page: Path) -> tuple[int, int]:
    """Return what tells how long a page takes: the servers that it starts, then its size."""
    text = page.read_text(encoding="utf-8")
    return text.count("_server("), len(text)


def setup(app: Sphinx) -> None:
    """Stand between the builder and its pages."""
    app.connect("builder-inited", _start)
