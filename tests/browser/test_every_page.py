"""Every page of the site, in the narrowest window that has to be readable and in a wide one."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.conftest import Open
from browser.watching import Watch

from quality.links import broken_links, built_pages
from quality.serving import SITE

# A page that moved leads on at once.
PAGES = [
    path.relative_to(SITE.resolve()).as_posix()
    for path in built_pages(SITE)
    if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")
]
# What sticks out of the window, unless it scrolls in a box of its own.
STICKS_OUT = """() => {
    const scrolls = (element) => {
        for (let e = element.parentElement; e && !e.matches(".content"); e = e.parentElement)
            if (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)) return true;
    };
    const main = document.querySelector("article");
    const text = [...main.querySelectorAll("*")];
    const out = text.filter((e) => e.getBoundingClientRect().right > innerWidth && !scrolls(e)
        && !e.closest("svg, .sr-only, .sphx-glr-thumbcontainer p"));
    const sideways = document.documentElement.scrollWidth > innerWidth;
    return [...(sideways ? ["the page itself"] : []), ...out.map((e) => e.outerHTML.slice(0, 120))];
}"""
PICTURES = """() => [...document.images].flatMap((image) => {
    const missing = ["alt", "width", "height"].filter((name) => !image.hasAttribute(name));
    const below = image.getBoundingClientRect().top > innerHeight;
    if (below && image.loading !== "lazy") missing.push("loading=lazy");
    return missing.map((name) => `${image.getAttribute("src")} has no ${name}`);
})"""
# Two elements of one id share styles and descriptions, and a link reaches only the first.
SHARED_IDS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, index) => ids.indexOf(id) !== index);
}"""
# Tables that scroll sideways, and blocks that scroll although the window has room beside them.
SCROLLS = """() => {
    const columns = [...document.querySelectorAll(".sidebar-drawer, .content, .toc-drawer")];
    const taken = columns.map((column) => column.getBoundingClientRect().width);
    const room = innerWidth - taken.reduce((sum, width) => sum + width, 0);
    const scrolls = (e) => e.scrollWidth > e.clientWidth + 1
        && /auto|scroll/.test(getComputedStyle(e).overflowX);
    const frames = [...document.querySelectorAll("article *")].filter(scrolls);
    return frames.filter((e) => e.querySelector("table") || room > 32)
        .map((e) => `${e.scrollWidth - e.clientWidth} pixels: ${e.outerHTML.slice(0, 120)}`);
}"""
REFERENCE = ("nn-module/", "autograd/", "visdom/")
KIB = 1024


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_uses_the_window_and_asks_for_nothing_that_is_not_there(
    name: str, open_context: Open, watch: Watch
) -> None:
    page = open_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(name)
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(PICTURES) == []
    assert page.evaluate(SHARED_IDS) == []
    assert page.title()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.evaluate(SCROLLS) == []
    if name.startswith(REFERENCE):
        assert sum(watch.transferred.values()) <= 250 * KIB, watch.transferred


def test_every_link_inside_the_site_leads_somewhere() -> None:
    assert [str(link) for link in broken_links(SITE)] == []


def test_the_check_of_links_names_page_link_and_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"></p><a href="#here"></a><a href="b.html#no">')
    (tmp_path / "b.html").write_text('<a href="gone.png"></a><a href="a.html#here"></a>')
    assert [str(link) for link in broken_links(tmp_path)] == [
        "a.html: b.html#no: no anchor no in b.html",
        "b.html: gone.png: no file gone.png",
    ]
