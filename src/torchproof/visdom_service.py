"""The process that is a Visdom server: the application, its folders, its command line.

`python -m visdom.server` downloads its front end before it listens, listens on every interface,
and keeps its state in the home folder. So its application is built here, without its launcher.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import functools
import importlib
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torchproof import companion
from torchproof.visdom_static import AssetsError, front_end_folder

HOST = "127.0.0.1"
TAKEN = 2


class ServerError(RuntimeError):
    """A Visdom server that does not start."""


class PortTaken(ServerError):
    """Another process listens on the port."""

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
    ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Serve on loopback until SIGINT or SIGTERM; call `ready` with the port once it is open.

    Port 0 stands for a free one. Without `static` the API works and the page stays empty.
    """
    asyncio.run(_serve(port=port, env_path=env_path, static=static, ready=ready))


async def _serve(
    *, port: int, env_path: Path, static: Path | None, ready: Callable[[int], None]
) -> None:
    # Imported late: visdom takes a second, which a taken port or a help text should not cost.
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets

    try:
        sockets = bind_sockets(port, HOST)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(port) from None
    bound: int = sockets[0].getsockname()[1]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    application = _application(port=bound, env_path=env_path, static=static)
    HTTPServer(application, max_buffer_size=1024**3).add_sockets(sockets)
    ready(bound)
    await stop.wait()


def _application(*, port: int, env_path: Path, static: Path | None) -> Any:
    from tornado.template import DictLoader

    app: Any = importlib.import_module("visdom.server.app")
    own = Path(app.__file__).parents[1] / "static"
    # tornado >= 6.6 answers 403 to static_url outside of the static folder, and so to the page.
    outside = '{{ static_url("../user/style.css") }}'
    pages = {
        page.name: page.read_text(encoding="utf-8").replace(outside, "/user/style.css")
        for page in own.glob("*.html")
    }
    app.tornado_settings.update(
        static_path=str(static or own),
        template_loader=DictLoader(pages, autoescape=None),
        # Visdom turns tornado's debug mode on, which restarts a process when its sources change.
        autoreload=False,
    )
    # base_url must be empty: with "/" the routes are "//events", and every call returns ''.
    return app.Application(port=port, base_url="", env_path=str(env_path))


def accompany(*, port: int, env_path: Path, static: Path | None, scratch: Path) -> int:
    """Serve as the companion of a parent, whose folder `scratch` is; return the exit status."""
    companion.end_with_parent(functools.partial(shutil.rmtree, scratch, ignore_errors=True))

    def ready(port: int) -> None:
        companion.announce(json.dumps({"port": port}))

    return _serve_at_home(port=port, env_path=env_path, static=static, scratch=scratch, ready=ready)


def _serve_at_home(
    *,
    port: int,
    env_path: Path,
    static: Path | None,
    scratch: Path,
    ready: Callable[[int], None],
    verbose: bool = False,
) -> int:
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, force=True)
    env_path.mkdir(parents=True, exist_ok=True)
    home = scratch / "home"
    home.mkdir()
    # Whatever its env_path, visdom reads ~/.visdom for /compare and a style from ~/.config.
    (home / ".visdom").symlink_to(env_path.resolve())
    os.environ.update(HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"))
    os.environ.setdefault("USER", "visdom")
    try:
        serve(port=port, env_path=env_path, static=static, ready=ready)
    except PortTaken as taken:
        print(f"error: {taken}", file=sys.stderr)
        return TAKEN
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a server in the foreground."""
    options = _parser().parse_args(argv)
    if options.scratch:
        status = accompany(
            port=options.port,
            env_path=options.env_path,
            static=options.static,
            scratch=options.scratch,
        )
        sys.stderr.flush()
        os._exit(status)  # the interpreter would take another 0.6 s to unload numpy
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    static = options.static or _front_end_if_possible()
    with tempfile.TemporaryDirectory(prefix="torchproof-visdom-") as scratch:
        env_path: Path = options.env_path or Path(scratch, "envs")

        def ready(port: int) -> None:
            print(f"Visdom answers at http://{HOST}:{port} (Ctrl-C stops it).")
            kept = (
                f"are saved in {env_path}" if options.env_path else "end with it (see --env-path)"
            )
            print(f"Its environments {kept}.", flush=True)

        return _serve_at_home(
            port=options.port,
            env_path=env_path,
            static=static,
            scratch=Path(scratch),
            ready=ready,
            verbose=options.verbose,
        )


def _front_end_if_possible() -> Path | None:
    try:
        return front_end_folder()
    except AssetsError as error:
        print(f"warning: no front end, the page will be empty: {error}", file=sys.stderr)
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m torchproof.visdom_server",
        description=f"Run a Visdom server in the foreground, on {HOST} only, offline if need be.",
    )
    add = parser.add_argument
    add("--port", type=_port, default=8097, help="8097 unless told; 0 takes a free one")
    add("--env-path", type=Path, help="folder that environments are loaded from and saved in")
    add("--static", type=Path, help="folder of the front end, instead of the one made with npm")
    add("--verbose", action="store_true", help="log every request")
    # For visdom_server: the folder of the parent process, with which this one ends.
    add("--scratch", type=Path, help=argparse.SUPPRESS)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no port: they go from 0 to 65535")


if __name__ == "__main__":
    sys.exit(main())
