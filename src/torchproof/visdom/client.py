"""The port that `visdom.Visdom()` connects to when a page or script names none.

Pages and scripts say `visdom.Visdom()`, as their readers do. A run gives each subject a server
of its own on a free port, so the default of the client's constructor is what moves.
"""

from __future__ import annotations

import inspect
import logging

import visdom

_PARAMETERS = [
    p.name
    for p in inspect.signature(visdom.Visdom.__init__).parameters.values()
    if p.default is not inspect.Parameter.empty
]


def default_port() -> int:
    """Return the port of `visdom.Visdom()`."""
    port = _defaults()[_PARAMETERS.index("port")]
    assert isinstance(port, int)
    return port


def set_default_port(port: int) -> None:
    """Make `visdom.Visdom()` connect to `port`."""
    defaults = list(_defaults())
    defaults[_PARAMETERS.index("port")] = port
    visdom.Visdom.__init__.__defaults__ = tuple(defaults)


def quiet_client() -> None:
    """Keep the client from logging each connection, and a traceback at the end of its server."""
    for name in ("visdom", "websocket"):
        logger = logging.getLogger(name)
        # Whoever listens to the logger itself, as a page may, still hears it.
        logger.propagate = False
        logger.addHandler(logging.NullHandler())


def _defaults() -> tuple[object, ...]:
    return tuple(visdom.Visdom.__init__.__defaults__ or ())
