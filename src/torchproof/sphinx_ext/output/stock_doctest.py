"""Give the stock `sphinx-build -b doctest` a fresh Visdom server for each page.

The builder runs all pages in the process that has read them, one by one. With `-j`, each page runs
in a process of its own, so that all cores are used. Execution and comparison remain the builder's.
"""

from __future__ import annotations

import gc
import importlib
import os
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.parallel import parallel_available

from torchproof.finding.subjects import Subject
from torchproof.running.preloading import EXTRA, preloads
from torchproof.sphinx_ext.output.page_processes import each_in_its_process
from torchproof.sphinx_ext.proving import proof_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_VISDOM = re.compile(r"^\s*>>> .*visdom", re.MULTILINE)


def _start(app: Sphinx) -> None:
    if app.builder.name != "doctest":
        return
    # As in a worker, torch must not fork to run addr2line, which may be missing.
    os.environ.setdefault("TORCH_SYMBOLIZE_MODE", "dladdr")
    builder: Any = app.builder
    stock = builder.write_documents

    def write_documents(docnames: AbstractSet[str]) -> None:
        pages = {name: Path(app.env.doc2path(name)) for name in sorted(docnames)}
        texts = {name: path.read_text(encoding="utf-8") for name, path in pages.items()}
        forks = app.parallel > 1 and parallel_available
        if forks:
            _preload(proof_of(app.env).found.subjects)
        # The doctrees live to the end; the collector need not traverse them again and again.
        gc.collect()
        gc.freeze()

        def write_page(docname: str) -> None:
            with _server_for(texts[docname]):
                stock({docname})

        if forks:
            first = sorted(texts, key=lambda name: _length(texts[name]), reverse=True)
            each_in_its_process(builder, first, run=write_page, jobs=app.parallel)
            return
        for docname in texts:
            write_page(docname)

    builder.write_documents = write_documents


def _preload(subjects: Sequence[Subject]) -> None:
    """Import before forking the modules that each page would otherwise import for seconds."""
    modules = preloads(subjects)
    for module in (*modules, *(EXTRA if "torch" in modules else ())):
        with suppress(ImportError):
            importlib.import_module(module)


@contextmanager
def _server_for(text: str) -> Iterator[None]:
    """Run a server for a page whose code mentions visdom, and disconnect its clients afterwards."""
    if not _VISDOM.search(text):
        yield
        return
    from torchproof.visdom.client import quiet_client, set_default_port
    from torchproof.visdom.server import visdom_server

    quiet_client()
    visdom: Any = importlib.import_module("visdom")
    do_tsne = visdom.do_tsne
    with visdom_server() as server:
        set_default_port(server.port)
        yield
        # Restore it for the next page.
        visdom.do_tsne = do_tsne
        for client in gc.get_objects():
            if type(client) is visdom.Visdom:
                # Otherwise it would try to reconnect until this process exits.
                client.use_socket = False


def _length(text: str) -> tuple[int, int]:
    """Return a sort key for the run time of a page: the servers that it starts, then its size."""
    return text.count("_server("), len(text)


def setup(app: Sphinx) -> None:
    """Wrap the builder's `write_documents`."""
    app.connect("builder-inited", _start)
