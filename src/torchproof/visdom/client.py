"""The default port of `visdom.Visdom()`, for pages and scripts that pass none.

Pages and scripts call `visdom.Visdom()` as their readers do. Each subject gets its own server on a
free port, so the default argument of the client's constructor is changed.
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
    """Return the default port of `visdom.Visdom()`."""
    port = _defaults()[_PARAMETERS.index("port")]
    assert isinstance(port, int)
    return port


def set_default_port(port: int) -> None:
    """Make `visdom.Visdom()` connect to `port` by default."""
    defaults = list(_defaults())
    defaults[_PARAMETERS.index("port")] = port
    visdom.Visdom.__init__.__defaults__ = tuple(defaults)


def quiet_client() -> None:
    """Stop the client from logging each connection, and a traceback when its server exits."""
    for name in ("visdom", "websocket"):
        logger = logging.getLogger(name)
        # A handler on the logger itself, which a page may add, still gets the records.
        logger.propagate = False
        logger.addHandler(logging.NullHandler())


def _defaults() -> tuple[object, ...]:
    return tuple(visdom.Visdom.__init__.__defaults__ or ())
