"""Run a Visdom server for a `with` block, or as a command in the foreground."""

from __future__ import annotations

import sys

from torchproof.visdom.command import Command, visdom_command
from torchproof.visdom.server import (
    PortTakenError,
    Server,
    ServerError,
    serve,
    visdom_server,
)
from torchproof.visdom.server_flags import Settings
from torchproof.visdom.server_process import main

__all__ = [
    "Command",
    "PortTakenError",
    "Server",
    "ServerError",
    "Settings",
    "serve",
    "visdom_command",
    "visdom_server",
]

if __name__ == "__main__":
    sys.exit(main())
