"""The live preview, as one who edits a page sees it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from sites import Site, entry, page
from trees import NO_TORCH, PATIENCE

import torchproof
from torchproof.visdom.browser import browser_context, missing_browser

CODE = Path(torchproof.__file__).parent
BEFORE = page(entry("torch.nn.Module.to", ">>> 1 + 1\n2"), setup=NO_TORCH)
AFTER = page(entry("torch.nn.Module.to", ">>> 20 + 22\n42"), setup=NO_TORCH)


@dataclass(frozen=True)
class Preview:
    process: subprocess.Popen[str]
    url: str

    def get(self, path: str) -> tuple[int, str]:
        with build_opener(ProxyHandler({})).open(self.url + path, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()

    def said(self, word: str) -> str:
        return _said(self.process, word)


def _said(process: subprocess.Popen[str], word: str) -> str:
    """Return what the preview prints, up to the first line with a word."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@contextmanager
def previewed(root: Path, code: Path = CODE) -> Iterator[Preview]:
    process = subprocess.Popen(
        [sys.executable, "-m", "torchproof.hosts.preview", "--port", "0", str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(code.parent)},
    )
    try:
        found = re.search(r"(http\S+/) shows", _said(process, "shows the site"))
        assert found is not None
        yield Preview(process, found[1])
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path / "site")
    site.write({"docs/pages/to.md": BEFORE})
    site.describe()
    return site


def seen_by(text: str) -> str:
    found = re.search(r"seen=(\d+)", text)
    assert found is not None
    return found[1]


def test_an_edit_runs_and_is_served(site: Site) -> None:
    with previewed(site.root) as preview:
        _, before = preview.get("pages/to.html")
        assert "1 comparison" in before
        site.write({"docs/pages/to.md": AFTER})
        status, _ = preview.get(f"-/build?seen={seen_by(before)}")
        assert status == HTTPStatus.RESET_CONTENT
        _, after = preview.get("pages/to.html")
        assert "42" in after
        assert "verdict-passed" in after
        assert seen_by(after) != seen_by(before)


@pytest.mark.browser
@pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())
def test_an_open_page_loads_itself_anew(site: Site) -> None:
    with previewed(site.root) as preview, browser_context() as context:
        tab = context.new_page()
        tab.goto(f"{preview.url}pages/to.html")
        site.write({"docs/pages/to.md": AFTER})
        tab.get_by_text("42").first.wait_for()


def test_an_example_that_fails_is_said_and_the_preview_goes_on(site: Site) -> None:
    with previewed(site.root) as preview:
        site.write({"docs/pages/to.md": AFTER.replace("42", "43")})
        said = preview.said("torchproof: built")
        assert "pages/to.md:15: WARNING:     20 + 22\nexpected:\n    43\ngot:\n    42" in said
        site.write({"docs/pages/to.md": AFTER})
        assert "expected" not in preview.said("torchproof: built")
        assert "verdict-passed" in preview.get("pages/to.html")[1]


def test_a_change_of_the_code_starts_it_anew(site: Site, tmp_path: Path) -> None:
    code = tmp_path / "src" / "torchproof"
    shutil.copytree(CODE, code, ignore=shutil.ignore_patterns("__pycache__"))
    with previewed(site.root, code) as preview:
        module = code / "sphinx_ext/directives/verdict.py"
        module.write_text("(" + module.read_text(), encoding="utf-8")
        assert "verdict.py" in preview.said("the old code goes on")
        module.write_text(module.read_text()[1:].replace("checked: ", "seen: "), encoding="utf-8")
        preview.said("starting anew")
        preview.said("shows the site")


def test_a_port_that_is_taken_is_one_error(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "torchproof.hosts.preview", "--port", port, str(site.root)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert f"port {port}: Address already in use; choose another with --port" in done.stderr
