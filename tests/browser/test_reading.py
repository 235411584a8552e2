"""What a reader does on a page: copy, download, switch the theme, use the keyboard, go narrow."""

from __future__ import annotations

import pytest
from browser.conftest import Open
from playwright.sync_api import Page, expect

from quality.serving import SITE

ENTRY = "nn-module/moving-and-converting.html"
SCRIPT = "gallery/nn_module/tied_weights.html"
NARROW = {"width": 390, "height": 800}
FOCUS = "() => document.activeElement.matches(%r)"


def test_the_theme_that_was_chosen_stays(page: Page) -> None:
    page.goto("index.html")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    toggle = page.locator(".theme-toggle-content .theme-toggle")
    seen = []
    for _ in range(3):
        toggle.click()
        seen.append(page.evaluate("document.body.dataset.theme"))
    assert set(seen) == {"auto", "light", "dark"}
    while page.evaluate("document.body.dataset.theme") != "dark":
        toggle.click()
    page.goto(ENTRY)
    assert page.evaluate("document.body.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_an_example_is_copied_without_prompts_and_output(open_context: Open) -> None:
    context = open_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(ENTRY)
    block = page.locator(".doctest.highlight-default, .highlight-pycon").filter(
        has=page.locator(".gp"), has_not=page.locator(".gt")
    )
    block = block.filter(has=page.locator(".go")).first
    block.hover()
    block.locator("button.copybtn").click()
    text = block.locator("pre").inner_text()
    copied = page.evaluate("navigator.clipboard.readText()").strip().splitlines()
    wanted = [line[4:] for line in text.splitlines() if line.startswith((">>> ", "... "))]
    assert copied == wanted
    assert wanted


def test_a_script_can_be_downloaded(page: Page) -> None:
    page.goto(SCRIPT)
    for kind in ("python", "jupyter", "zip"):
        link = page.locator(f".sphx-glr-download-{kind} a.download")
        with page.expect_download() as download:
            link.click()
        assert download.value.path().stat().st_size > 500
    assert (SITE / "_downloads").is_dir()


def test_the_first_key_leads_past_the_navigation(page: Page) -> None:
    page.goto(ENTRY)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS % ".skip-to-content")
    expect(page.get_by_text("Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#furo-main-content")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS % "article *")


def test_keys_reach_the_search_and_the_navigation_and_show_where_they_are(page: Page) -> None:
    page.goto(ENTRY)
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        assert page.evaluate("""() => {
            const seen = document.activeElement.matches(".toctree-checkbox")
                ? document.activeElement.nextElementSibling : document.activeElement;
            const style = getComputedStyle(seen);
            return style.outlineStyle !== "none" || style.boxShadow !== "none";
        }"""), stops[-1]
    assert any('type="search"' in stop or "sidebar-search" in stop for stop in stops)
    assert any("toctree-checkbox" in stop for stop in stops)
    assert any('class="reference internal"' in stop for stop in stops)


def test_what_is_cut_off_scrolls_with_the_keyboard(open_context: Open) -> None:
    page = open_context(viewport=NARROW).new_page()
    page.goto(ENTRY)
    page.wait_for_function("document.querySelector('.highlight pre[tabindex]')")
    code = page.locator(".highlight pre[tabindex]").first
    code.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    page.goto("visdom/options.html")
    table = page.locator(".option-table .table-wrapper[tabindex]").first
    expect(table).to_have_attribute("role", "group")
    expect(table).to_have_attribute("aria-label", "Scrolls sideways")


@pytest.mark.parametrize(
    ("label", "drawer"),
    [(".nav-overlay-icon", ".sidebar-drawer"), (".toc-header-icon", ".toc-drawer")],
)
def test_the_menus_of_a_narrow_window_open(open_context: Open, label: str, drawer: str) -> None:
    page = open_context(viewport=NARROW).new_page()
    page.goto(ENTRY)
    expect(page.locator(drawer)).not_to_be_in_viewport()
    page.locator(label).click()
    expect(page.locator(drawer)).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize(
    ("drawer", "link"), [(".sidebar-drawer", "a"), (".toc-drawer", ".toc-tree li li a")]
)
def test_a_menu_comes_in_when_a_key_goes_into_it(
    open_context: Open, drawer: str, link: str
) -> None:
    page = open_context(viewport=NARROW).new_page()
    page.goto(ENTRY)
    page.locator(f"{drawer} {link}").first.focus()
    expect(page.locator(drawer)).to_be_in_viewport(ratio=0.9)


def test_without_javascript_the_text_and_the_navigation_are_there(open_context: Open) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(ENTRY)
    expect(page.locator("article h1")).to_be_visible()
    expect(page.locator("article pre").first).to_be_visible()
    page.locator(".sidebar-tree a", has_text="Autograd").first.click()
    expect(page.locator("article h1")).to_contain_text("utograd")
    page.goto(SCRIPT)
    assert page.locator("article img").first.evaluate("e => e.complete || e.loading === 'lazy'")


def test_nothing_of_the_front_page_sticks_out_of_its_column(open_context: Open) -> None:
    page = open_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto("index.html")
    out = """() => {
        const right = (element) => element.getBoundingClientRect().right;
        const sticks = (all, column) => [...all].filter((e) => right(e) > right(column) + 1);
        const text = document.querySelectorAll(".front dl *, .front p");
        const example = document.querySelector("#an-example > .highlight-pycon");
        const said = document.querySelectorAll("#an-example > .verdict *");
        return [...sticks(text, document.querySelector(".front")), ...sticks(said, example)]
            .map((element) => element.outerHTML);
    }"""
    assert page.evaluate(out) == []
