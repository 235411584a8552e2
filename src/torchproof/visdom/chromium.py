"""Find Chromium on this machine, and the options to start it with."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

# The first is headless only; it starts and draws in half the time of the others.
NAMES = (
    *("chromium-headless-shell", "chromium"),
    *("chromium-browser", "google-chrome", "google-chrome-stable"),
)
# Below the folder that `playwright install chromium` writes to; folder names carry a build number.
OF_PLAYWRIGHT = (
    *("chromium_headless_shell-*/*/chrome-headless-shell", "chromium_headless_shell-*/*/*.exe"),
    "chromium_headless_shell-*/*/headless_shell",
    *("chromium-*/*/chrome", "chromium-*/*/chrome.exe", "chromium-*/*/*.app/Contents/MacOS/*"),
)
# Where installers put a browser that is not on PATH.
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/opt/google/chrome/chrome",
    *(
        f"{os.environ[variable]}/Google/Chrome/Application/chrome.exe"
        for variable in ("LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")
        if variable in os.environ
    ),
)
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


class BrowserMissingError(RuntimeError):
    """This machine has no browser that starts, or no Playwright to drive it."""

    # Pages import it, and tracebacks show it, under this name.
    __module__ = "torchproof.visdom_browser"


def find_chromium() -> Path:
    """Return the path of the browser: $TORCHPROOF_CHROMIUM, or the first one found.

    The search order is PATH, then Playwright's browsers, then installed applications. Raises
    `BrowserMissingError`.
    """
    chosen = os.environ.get("TORCHPROOF_CHROMIUM")
    for candidate in [chosen] if chosen else _candidates():
        if found := shutil.which(candidate):
            return Path(found)
    raise BrowserMissingError(
        f"$TORCHPROOF_CHROMIUM is no program: {chosen}"
        if chosen
        else "no browser draws the panes: apt-get install chromium, run `python -m playwright "
        "install chromium`, or set $TORCHPROOF_CHROMIUM to the path of one (none of "
        f"{', '.join(NAMES)} is on PATH, and {_playwright_folder()} has none)"
    )


def launch_options(host: str) -> dict[str, Any]:
    """Return the options to start Chromium with, for servers on one host."""
    return {
        "args": FLAGS,
        "chromium_sandbox": sandboxed(),
        "executable_path": find_chromium(),
        # Nothing listens on this port, so any request not to the host fails.
        "proxy": {"server": f"{host}:9", "bypass": host},
    }


def sandboxed() -> bool:
    """Return True if Chromium should keep its sandbox; run by root, it starts only without."""
    # Playwright disables the sandbox by default. In containers without user namespaces the sandbox
    # cannot work, hence the variable.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return not root and os.environ.get("TORCHPROOF_NO_SANDBOX", "") in ("", "0")


def _candidates() -> Iterator[str]:
    yield from NAMES
    folder = _playwright_folder()
    for pattern in OF_PLAYWRIGHT:
        yield from map(str, sorted(folder.glob(pattern), key=_release, reverse=True))
    yield from APPLICATIONS


def _playwright_folder() -> Path:
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if chosen == "0":
        package = importlib.util.find_spec("playwright")
        origin = package.origin if package else None
        return Path(origin or "playwright").with_name("driver") / "package" / ".local-browsers"
    if chosen:
        return Path(chosen).resolve()
    return user_cache_path("ms-playwright", appauthor=False, opinion=False)


def _release(path: Path) -> int:
    """Return the build number in the name of the folder that Playwright installed a browser to."""
    numbers = (part.rpartition("-")[2] for part in path.parts if part.startswith("chromium"))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)
