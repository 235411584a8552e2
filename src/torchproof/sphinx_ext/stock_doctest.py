"""What the stock `sphinx-build -b doctest` needs: a Visdom server to run the same pages against."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def _start(app: Sphinx) -> None:
    if app.builder.name != "doctest":
        return
    from torchproof.visdom_client import quiet_client, set_default_port
    from torchproof.visdom_server import visdom_server

    quiet_client()
    stack = ExitStack()
    set_default_port(stack.enter_context(visdom_server()).port)
    app.connect("build-finished", lambda *_: stack.close())


def setup(app: Sphinx) -> None:
    """Start a server before the builder runs anything."""
    app.connect("builder-inited", _start)
