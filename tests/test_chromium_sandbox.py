"""Chromium keeps its sandbox, unless it would not start with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from torchproof.visdom.browser import browser_context, missing_browser
from torchproof.visdom.chromium import sandboxed

ROOT = Path(__file__).parents[1]
AS_ANYBODY = """
import os
from torchproof.visdom.chromium import sandboxed
if os.geteuid() == 0:
    os.seteuid(65534)
print(sandboxed())
"""


def answer_of_anybody(**variables: str) -> str:
    """Return what a user other than root gets."""
    done = subprocess.run(
        [sys.executable, "-c", AS_ANYBODY],
        env={**os.environ, "TORCHPROOF_NO_SANDBOX": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_user_keeps_the_sandbox_and_can_give_it_up() -> None:
    assert answer_of_anybody() == "True"
    assert answer_of_anybody(TORCHPROOF_NO_SANDBOX="0") == "True"
    assert answer_of_anybody(TORCHPROOF_NO_SANDBOX="1") == "False"


@pytest.mark.skipif(bool(missing_browser()), reason="no browser")
def test_the_browser_is_started_as_decided() -> None:
    with browser_context():
        commands = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    # Those that Chromium starts itself have a type.
    browsers = [c for c in commands if "--disable-quic" in c and "--type=" not in " ".join(c)]
    assert browsers
    assert [("--no-sandbox" in c) is not sandboxed() for c in browsers] == [True] * len(browsers)
    assert sandboxed() is (os.geteuid() != 0)


def test_no_flag_turns_the_sandbox_off_for_everyone() -> None:
    files = [f for name in ("src", "tests", "quality") for f in (ROOT / name).rglob("*.py")]
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files
        if file != Path(__file__)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if ("--no-" + "sandbox") in line and "sandboxed()" not in line
    ]
    launches = [
        str(file.relative_to(ROOT))
        for file in files
        if file != Path(__file__)
        for text in [file.read_text(encoding="utf-8")]
        if text.count("chromium.launch")
        != text.count("chromium_sandbox=sandboxed()") + text.count("**launch_options(")
    ]
    options = (ROOT / "src/torchproof/visdom/chromium.py").read_text(encoding="utf-8")
    assert '"chromium_sandbox": sandboxed(),' in options
    assert (found, launches) == ([], [])
