"""Where a browser is looked for, and what is said where none starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_visdom_panes import PANE, colours, needs_browser

from torchproof.visdom.browser import browse, draw_panes
from torchproof.visdom.chromium import BrowserMissingError, find_chromium
from torchproof.visdom.front_end import front_end_folder

SHELL = "chromium_headless_shell-{}/chrome-headless-shell-linux64/chrome-headless-shell"


@pytest.fixture
def chromium() -> Path:
    """The browser of this machine."""
    return find_chromium().resolve()


@pytest.fixture
def front_end() -> None:
    """The page of Visdom, for which npm has to be on PATH where it is not there yet."""
    front_end_folder()


@pytest.fixture
def of_playwright(
    chromium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Path]]:
    """Link the browser into a folder as Playwright fills it; no other browser is there."""
    monkeypatch.delenv("TORCHPROOF_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    def install(name: str) -> Path:
        link = tmp_path / name
        link.parent.mkdir(parents=True)
        link.symlink_to(chromium)
        return link

    yield install


@needs_browser
@pytest.mark.usefixtures("front_end")
def test_the_browser_of_playwright_draws_where_path_has_none(
    of_playwright: Callable[[str], Path],
) -> None:
    installed = of_playwright(SHELL.format(1255))
    assert find_chromium() == installed
    (picture,) = draw_panes([{**PANE, "id": "hello"}])
    assert colours(picture) > 20


@needs_browser
@pytest.mark.parametrize(
    "name",
    [
        SHELL.format(1200),
        "chromium_headless_shell-1150/chrome-linux/headless_shell",
        "chromium-1255/chrome-linux64/chrome",
        "chromium-1255/chrome-mac-arm64/Chrome for Testing.app/Contents/MacOS/Chrome for Testing",
    ],
)
def test_each_layout_of_playwright_is_known(
    name: str, of_playwright: Callable[[str], Path]
) -> None:
    installed = of_playwright(name)
    assert find_chromium() == installed


@needs_browser
def test_the_newest_browser_of_playwright_is_taken(of_playwright: Callable[[str], Path]) -> None:
    of_playwright("chromium-2000/chrome-linux64/chrome")
    of_playwright(SHELL.format(999))
    newest = of_playwright(SHELL.format(1000))
    assert find_chromium() == newest


@needs_browser
def test_the_chosen_browser_and_those_on_path_come_first(
    chromium: Path, of_playwright: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_playwright(SHELL.format(1255))
    folder = of_playwright("bin/chromium").parent
    monkeypatch.setenv("PATH", str(folder))
    assert find_chromium() == folder / "chromium"
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", str(chromium))
    assert find_chromium() == chromium


def test_all_ways_to_a_browser_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHPROOF_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(BrowserMissingError) as missing:
        find_chromium()
    for way in (
        "apt-get install chromium",
        "python -m playwright install chromium",
        "set $TORCHPROOF_CHROMIUM",
        f"{tmp_path} has none",
    ):
        assert way in str(missing.value)


@pytest.mark.parametrize("use", ["browse", "draw"])
def test_a_playwright_that_does_not_start_is_one_clear_error(
    use: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHPROOF_CHROMIUM", "/bin/true")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    with pytest.raises(BrowserMissingError, match="Playwright does not start: run `python -m play"):
        if use == "browse":
            with browse("http://127.0.0.1:9"):
                pass
        else:
            draw_panes([{**PANE, "id": "hello"}])
