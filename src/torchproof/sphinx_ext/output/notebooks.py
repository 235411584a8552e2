"""Prepare scripts' notebooks so that they run unchanged."""

from __future__ import annotations

import json
import re
from typing import Any

_ROLE = re.compile(r":py:\w+:`(?:(?P<text>[^`<]+?)\s*<[^`>]+>|(?P<name>[^`<]+))`")
SERVER = """\
# These cells send to a Visdom server on port 8097. Start one, unless it is there already.
import atexit
import socket
import subprocess
import sys
import time


def answers():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", 8097)) == 0


if not answers():
    server = subprocess.Popen([sys.executable, "-m", "visdom.server", "-bind_local"])
    atexit.register(server.terminate)
    while not answers():
        assert server.poll() is None, "no server: python -m visdom.server -bind_local says why"
        time.sleep(0.1)"""


def prepared(text: str) -> str:
    """Return a notebook without Sphinx markup, and with a cell that starts a server if needed."""
    notebook: dict[str, Any] = json.loads(text)
    cells = notebook["cells"]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = [_ROLE.sub(_as_code, part) for part in cell["source"]]
    sources = ["".join(cell["source"]) for cell in cells]
    if any("visdom.Visdom(" in source for source in sources) and SERVER not in sources:
        cells.insert(1, {**cells[0], "source": [SERVER]})
    return json.dumps(notebook, indent=2) + "\n"


def _as_code(role: re.Match[str]) -> str:
    return f"`{role['text'] or role['name'].lstrip('~!')}`"
