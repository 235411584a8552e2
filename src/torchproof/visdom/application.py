"""Run Visdom's application on a loopback port, without Visdom's launcher.

`python -m visdom.server` downloads its front end before it listens, and listens on every interface.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torchproof.visdom.server_flags import Settings

HOST = "127.0.0.1"


class ServerError(RuntimeError):
    """A Visdom server failed to start."""

    # Pages import it, and tracebacks show it, under this name.
    __module__ = "torchproof.visdom_server"


class PortTakenError(ServerError):
    """Another process listens on the port."""

    # Pages import it, and tracebacks show it, under this name.
    __module__ = "torchproof.visdom_server"

    def __init__(self, port: int | None) -> None:
        super().__init__(
            f"port {port} of {HOST} is taken: stop the process that listens there, "
            "or choose another port (0 takes a free one)"
        )


def serve(
    *,
    port: int,
    env_path: Path,
    static: Path | None = None,
    settings: Settings,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; call `ready` with the port number once it is open.

    Port 0 chooses a free one. Without `static` the API works but the page stays empty.
    """
    asyncio.run(_serve(port=port, env_path=env_path, static=static, settings=settings, ready=ready))


async def _serve(
    *,
    port: int,
    env_path: Path,
    static: Path | None,
    settings: Settings,
    ready: Callable[[int], None] | None,
) -> None:
    # Imported late, so that --help does not wait; visdom follows once the port is bound.
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        sockets = bind_sockets(port, HOST)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(port) from None
    bound: int = sockets[0].getsockname()[1]
    application = _application(port=bound, env_path=env_path, static=static, settings=settings)
    HTTPServer(application, max_buffer_size=1024**3).add_sockets(sockets)
    if ready:
        ready(bound)
    await stop.wait()


def _application(*, port: int, env_path: Path, static: Path | None, settings: Settings) -> Any:
    app: Any = importlib.import_module("visdom.server.app")
    if static:
        # In place of the download, which would write into the installed package.
        app.tornado_settings["static_path"] = str(static)
    # Visdom enables tornado's debug mode, which restarts the process when its source changes.
    app.tornado_settings["autoreload"] = False
    # Visdom computed both from $HOME on import, perhaps in the parent of this fork.
    home = f"{Path.home()}/.visdom/"
    app.DEFAULT_ENV_PATH = home
    utils: Any = importlib.import_module("visdom.utils.server_utils")
    utils.gather_envs.__defaults__ = (home,)
    # base_url is never "/", which makes routes such as "//events" and every call return ''.
    arguments = settings.arguments(secrets=Path(home))
    return app.Application(port=port, env_path=str(env_path), **arguments)
