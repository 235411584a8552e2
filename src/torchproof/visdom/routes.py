"""Ask a running Visdom server a question, past its client."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


def ask(url: str, route: str, **question: str | None) -> Any:
    """Return the answer of the server at `url`; raises OSError for none, or one of an error."""
    # Bypass the environment's proxies: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/{route}", json.dumps(question).encode(), timeout=30) as answer:
        return json.load(answer)
