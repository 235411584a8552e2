"""The site as a reader has it who opens a file."""

from __future__ import annotations

import pytest
from browser.watching import Watch
from playwright.sync_api import Browser, expect

from quality.serving import SITE


@pytest.mark.parametrize(
    "name", ["index.html", "visdom/charts.html", "gallery/nn_module/tied_weights.html"]
)
def test_a_page_works_from_a_file(chromium: Browser, name: str) -> None:
    root = SITE.resolve().as_uri()
    watch = Watch(root)
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    watch.attach(context)
    page = context.new_page()
    page.goto(f"{root}/{name}")
    expect(page.locator("article h1").first).to_be_visible()
    font = page.locator("article h1").first.evaluate("e => getComputedStyle(e).fontWeight")
    assert int(font) >= 600, "the styles are missing"
    for picture in page.locator("article img").all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function("e => e.complete", arg=picture.element_handle())
        assert picture.evaluate("e => e.naturalWidth") > 0
    page.locator(".theme-toggle-content .theme-toggle").click()
    page.locator(".sidebar-tree a").first.click()
    expect(page.locator("article h1").first).to_be_visible()
    context.close()
    assert watch.faults == []
