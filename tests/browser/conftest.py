"""The built site, served; a browser; pages that fail a test on any fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser.watching import Watch
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from quality.serving import SITE, SiteMissingError, serve
from torchproof.visdom.chromium import FLAGS, BrowserMissingError, find_chromium, sandboxed

Open = Callable[..., BrowserContext]


def pytest_sessionstart() -> None:
    """Stop at once, with the next step, where there is nothing to test or to test it with."""
    try:
        find_chromium()
        with serve():
            pass
    except (BrowserMissingError, SiteMissingError) as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the address of the built site."""
    with serve(SITE) as url:
        yield url.rstrip("/")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the browser."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, chromium_sandbox=sandboxed()
        )


@pytest.fixture
def watch(site: str) -> Iterator[Watch]:
    """Fail the test if anything went wrong on one of its pages."""
    watch = Watch(site)
    yield watch
    assert watch.faults == []


@pytest.fixture
def open_context(chromium: Browser, site: str, watch: Watch) -> Iterator[Open]:
    """Return a function that makes a watched context, with the options of Playwright."""
    contexts = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=site, **options)
        context.set_default_timeout(20_000)
        watch.attach(context)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_context: Open) -> Page:
    """Return a page of a wide window."""
    return open_context(viewport={"width": 1280, "height": 900}).new_page()
