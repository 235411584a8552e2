"""The Nu HTML checker on every page of a site."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from quality import tools

# Its own recursion over the styles of a page needs more stack than Java gives.
JAVA = ("-Xss8m", "-jar")


@dataclass(frozen=True)
class Fault:
    """An error that the checker reports, with the pages that have it."""

    message: str
    pages: tuple[str, ...]


def faults(site: Path) -> list[Fault]:
    """Return what is wrong with the pages, the commonest first."""
    java = tools.program("java", "install a Java runtime (apt-get install default-jre-headless)")
    jar = tools.package("vnu-jar") / "build/dist/vnu.jar"
    done = subprocess.run(
        [java, *JAVA, str(jar), "--format", "json", "--skip-non-html", "--errors-only", str(site)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    messages: list[dict[str, Any]] = json.loads(done.stderr)["messages"]
    pages: dict[str, list[str]] = {}
    for message in messages:
        page = Path(unquote(urlsplit(message["url"]).path)).relative_to(site.resolve())
        pages.setdefault(message["message"], []).append(f"{page}:{message.get('lastLine', 0)}")
    ordered = sorted(pages.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Fault(message, tuple(sorted(where))) for message, where in ordered]
