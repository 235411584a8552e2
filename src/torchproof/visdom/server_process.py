"""The process of a Visdom server, as the child of a parent or in the foreground of a terminal."""

from __future__ import annotations

import argparse
import functools
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from torchproof.processes import child_process
from torchproof.visdom.application import HOST, PortTakenError, serve
from torchproof.visdom.front_end import AssetsError, front_end_folder
from torchproof.visdom.server_flags import Settings, add_flags

TAKEN = 2


def accompany(
    *, port: int, env_path: Path, static: Path | None, settings: Settings, scratch: Path
) -> int:
    """Serve as a child process, in the parent's folder `scratch`; return the exit status."""
    child_process.exit_with_parent(functools.partial(shutil.rmtree, scratch, ignore_errors=True))
    logging.basicConfig(level=logging.WARNING, force=True)

    def ready(port: int) -> None:
        child_process.report_ready(json.dumps({"port": port}))

    return _serve_at_home(
        port=port, env_path=env_path, static=static, settings=settings, home=scratch, ready=ready
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run a server in the foreground; return the exit status."""
    # The server imports the client, which imports torch if installed: four fifths of the start-up.
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        settings = Settings.of(options)
    except ValueError as error:
        parser.error(str(error))
    if options.scratch:
        status = accompany(
            port=options.port,
            env_path=options.env_path,
            static=options.static,
            settings=settings,
            scratch=options.scratch,
        )
        sys.stderr.flush()
        os._exit(status)  # skip the interpreter's cleanup, which takes 0.6 s
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    static = options.static or _front_end_if_possible()
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, force=True)
    with tempfile.TemporaryDirectory(prefix="torchproof-visdom-") as home:
        env_path: Path = options.env_path or Path(home, ".visdom")
        kept = f"are saved in {env_path}" if options.env_path else "end with it (see --env-path)"

        def ready(port: int) -> None:
            print(f"Visdom answers at http://{HOST}:{port}{settings.base_url} (Ctrl-C stops it).")
            print(f"Its environments {kept}.", flush=True)

        return _serve_at_home(
            port=options.port,
            env_path=env_path,
            static=static,
            settings=settings,
            home=Path(home),
            ready=ready,
        )


def _serve_at_home(
    *,
    port: int,
    env_path: Path,
    static: Path | None,
    settings: Settings,
    home: Path,
    ready: Callable[[int], None],
) -> int:
    try:
        env_path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        print(f"error: environments cannot be saved in {env_path}: no folder", file=sys.stderr)
        return 1
    # Regardless of env_path, visdom looks into ~/.visdom, and reads a style from ~/.config.
    os.environ.update(HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"))
    # Visdom's page shows the user name, which a container may not define.
    os.environ.setdefault("USER", "visdom")
    try:
        serve(port=port, env_path=env_path, static=static, settings=settings, ready=ready)
    except PortTakenError as taken:
        print(f"error: {taken}", file=sys.stderr)
        return TAKEN
    return 0


def _front_end_if_possible() -> Path | None:
    try:
        return front_end_folder()
    except AssetsError as error:
        print(f"warning: the page will stay empty: {error}", file=sys.stderr)
        # The warning is printed once; tornado would repeat it for each file on each visit.
        logging.getLogger("tornado.general").setLevel(logging.CRITICAL)
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
    add_flags(parser)
    add("--verbose", action="store_true", help="log every request")
    # For visdom_server: the parent's folder, which this process removes if the parent dies.
    add("--scratch", type=Path, help=argparse.SUPPRESS)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no port: ports go from 0 to 65535")


if __name__ == "__main__":
    sys.exit(main())
