"""The player of a replay: slider, buttons and keys, and a page that is as before without it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from quality.axe import violations

PAGE = "/autograd/how-autograd-records.html"
TRACE = "/nn-module/what-a-call-does.html"


def test_buttons_go_through_the_steps(page: Page) -> None:
    page.goto(PAGE)
    player = page.locator(".replay").first
    said = player.locator(".replay-said")
    first, before, after, last = (player.get_by_role("button").nth(n) for n in range(4))
    expect(said).to_have_text("The whole figure; 8 steps show how it comes to be.")
    figure = page.locator(".autograd-graph").first
    expect(figure.locator(".replay-off")).to_have_count(0)
    after.click()
    expect(said).to_have_text("Step 1 of 8: This line records MulBackward0.")
    # The line of the code is lit, and what is not recorded yet is faint.
    expect(page.locator("pre.replay-lit")).to_have_count(1)
    expect(player.locator(".replay-code")).to_have_text("product = weight * x")
    expect(figure.locator('[data-node="n1"]')).to_have_class("function replay-off")
    expect(figure.locator('[data-node="n2"]')).to_have_class("function replay-hot")
    last.click()
    expect(said).to_contain_text("Step 8 of 8: The pass is over.")
    expect(player.locator("dt")).to_have_text(["bias.grad", "weight.grad"])
    expect(after).to_have_attribute("aria-disabled", "true")
    before.click()
    expect(said).to_contain_text("Step 7 of 8:")
    first.click()
    expect(said).to_contain_text("The whole figure")
    expect(figure.locator(".replay-off, .replay-hot, .replay-done")).to_have_count(0)


def test_the_slider_and_the_keys_do_the_same(page: Page) -> None:
    page.goto(PAGE)
    player = page.locator(".replay").first
    said, slider = player.locator(".replay-said"), player.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Step 1 of 8:")
    page.keyboard.press("End")
    expect(said).to_contain_text("Step 8 of 8:")
    expect(slider).to_have_attribute("aria-valuetext", "Step 8 of 8")
    page.keyboard.press("Home")
    expect(said).to_contain_text("The whole figure")
    player.get_by_role("button").nth(2).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Step 2 of 8:")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("Step 1 of 8:")
    page.keyboard.press("End")
    expect(slider).to_have_value("8")
    expect(said).to_have_attribute("aria-live", "polite")


def test_each_line_that_a_step_names_is_found_on_its_page(page: Page) -> None:
    for address in (PAGE, TRACE, "/autograd/hooks.html"):
        page.goto(address)
        for player in page.locator(".replay").all():
            after = player.get_by_role("button").nth(2)
            while after.get_attribute("aria-disabled") != "true":
                after.click()
                code = player.locator(".replay-code").text_content()
                lit = page.locator("pre.replay-lit").count()
                assert lit == bool(code), (address, player.text_content())
            player.get_by_role("button").first.click()


def test_a_trace_is_replayed_line_by_line(page: Page) -> None:
    page.goto(TRACE)
    figure = page.locator(".drawn-list:has(.call-trace)").first
    figure.locator(".replay button").nth(2).click()
    expect(figure.locator("li.replay-hot")).to_have_count(1)
    expect(figure.locator("li.replay-off")).to_have_count(12)
    expect(figure.locator(".replay-said")).to_contain_text("Step 1 of 13: Outer pre-hook, global")


def test_a_narrow_page_does_not_scroll_sideways(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context(viewport={"width": 320, "height": 700}).new_page()
    page.goto(PAGE)
    for player in page.locator(".replay").all():
        for _ in range(6):
            player.get_by_role("button").nth(2).click()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for figure in page.locator(".autograd-graph").all():
        assert figure.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_players_in_use_have_no_fault_for_axe(
    open_context: Callable[..., BrowserContext],
) -> None:
    for scheme in ("light", "dark"):
        page = open_context(color_scheme=scheme).new_page()
        page.goto(PAGE)
        page.locator(".replay button").nth(2).click()
        assert violations(page) == []


def test_without_javascript_and_on_paper_there_is_no_player(
    page: Page, open_context: Callable[..., BrowserContext]
) -> None:
    still = open_context(java_script_enabled=False).new_page()
    still.goto(PAGE)
    expect(still.locator(".autograd-graph svg").first).to_be_visible()
    expect(still.locator(".replay")).to_have_count(0)
    page.goto(PAGE)
    page.emulate_media(media="print")
    expect(page.locator(".replay").first).to_be_hidden()
