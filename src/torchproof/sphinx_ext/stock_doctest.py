"""What the stock `sphinx-build -b doctest` needs: a Visdom server, as new for each page.

The builder runs all pages in one process, one after the other, and calls `begin_page` before each.
"""

from __future__ import annotations

import gc
import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

from torchproof.visdom_application import HOST

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_BEGIN = f"__import__('importlib').import_module({__name__!r}).begin_page()"


class _Session:
    """The server that the pages run against, until one of them has used it."""

    def __init__(self) -> None:
        import visdom

        # As in a worker: torch must not fork to run addr2line, which need not be there.
        os.environ.setdefault("TORCH_SYMBOLIZE_MODE", "dladdr")
        self.visdom: Any = visdom
        self.given = {"do_tsne": self.visdom.do_tsne}
        self.stack = ExitStack()
        self.start()

    def start(self) -> None:
        from torchproof.visdom_client import set_default_port
        from torchproof.visdom_server import visdom_server

        self.port = self.stack.enter_context(visdom_server()).port
        set_default_port(self.port)

    def begin_page(self) -> None:
        # What a page has put into visdom, and the clients of its servers, which try to reconnect.
        for name, value in self.given.items():
            setattr(self.visdom, name, value)
        for client in gc.get_objects():
            if type(client) is self.visdom.Visdom:
                client.use_socket = False
        if self._ask("env_state") != ["main"] or self._ask("win_data", win=None, eid="main"):
            self.stack.close()
            self.start()

    def _ask(self, question: str, **where: str | None) -> Any:
        opener = build_opener(ProxyHandler({}))
        url = f"http://{HOST}:{self.port}/{question}"
        with opener.open(url, json.dumps(where).encode(), timeout=30) as answer:
            return json.load(answer)


_session: _Session | None = None


def begin_page() -> None:
    """Take back what the page before has left; called in the namespace of the next one."""
    if _session is not None:
        _session.begin_page()


def _start(app: Sphinx) -> None:
    global _session
    if app.builder.name != "doctest":
        return
    from torchproof.visdom_client import quiet_client

    quiet_client()
    session = _session = _Session()
    app.config.doctest_global_setup = f"{_BEGIN}\n{app.config.doctest_global_setup}"
    app.connect("build-finished", lambda *_: session.stack.close())


def setup(app: Sphinx) -> None:
    """Start a server before the builder runs anything."""
    app.connect("builder-inited", _start)
