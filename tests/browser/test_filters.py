"""The filters of the matrix and of the note of 2019, as readers use them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from browser.conftest import Open
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
ITEMS = len(tomllib.loads((ROOT / "docs/then-and-now.toml").read_text(encoding="utf-8"))["row"])
NOTE, MATRIX = "then-and-now.html", "compatibility.html"
ROWS = "table.then-and-now tbody tr"


def shown(page: Page, rows: str) -> int:
    return page.locator(f"{rows}:visible").count()


def test_note_is_filtered_by_verdict_topic_and_words(page: Page) -> None:
    page.goto(NOTE)
    assert shown(page, ROWS) == ITEMS
    page.get_by_label("Verdict").select_option("was never true")
    never = shown(page, ROWS)
    assert 0 < never < 20
    assert page.locator(f"{ROWS}:visible .badge-never").count() == never
    expect(page.locator("form.filters output")).to_have_text(f"{never} of {ITEMS}")
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Topic").select_option("Saving and loading")
    saving = shown(page, ROWS)
    page.get_by_label("Words").fill("strict load_state_dict")
    assert 0 < shown(page, ROWS) < saving < ITEMS
    for row in page.locator(f"{ROWS}:visible").all_inner_texts():
        assert "strict" in row.lower()
    page.get_by_label("Words").fill("no such words")
    expect(page.locator("form.filters output")).to_have_text(f"0 of {ITEMS}")


def test_filter_is_kept_in_the_address(page: Page) -> None:
    page.goto(NOTE)
    page.get_by_label("Verdict").select_option("no longer true")
    count = shown(page, ROWS)
    assert "verdict=no-longer" in page.url
    page.goto("index.html")
    page.go_back()
    assert page.get_by_label("Verdict").input_value() == "no-longer"
    assert shown(page, ROWS) == count


def test_every_row_of_the_note_leads_to_its_proof(page: Page) -> None:
    page.goto(NOTE)
    assert page.locator(f"{ROWS} .proof a").count() == ITEMS


def test_matrix_is_filtered_by_area_result_and_words(page: Page) -> None:
    page.goto(MATRIX)
    pages = shown(page, ".matrix-page")
    assert pages > 55
    assert shown(page, ".matrix-total") == 1
    page.get_by_label("Area").select_option("Visdom")
    visdom = shown(page, ".matrix-page")
    assert 0 < visdom < pages
    areas = page.locator(".matrix-page:visible .matrix-area").all_inner_texts()
    assert {area.strip() for area in areas} == {"Visdom"}
    # The totals are those of all pages.
    assert shown(page, ".matrix-total") == 0
    page.get_by_label("Area").select_option("")
    page.get_by_label("Result").select_option("not everywhere")
    partly = shown(page, ".matrix-page")
    assert 0 < partly < pages
    assert shown(page, ".matrix-subject") >= partly
    page.get_by_label("Words").fill("only on cuda")
    assert 0 < shown(page, ".matrix-subject") < 20
    # A section stands below its page.
    assert shown(page, ".matrix-page") > 0


def test_filters_are_usable_with_the_keyboard_and_on_a_phone(open_context: Open) -> None:
    page = open_context(viewport={"width": 320, "height": 700}).new_page()
    page.goto(NOTE)
    page.get_by_label("Words").focus()
    page.keyboard.type("freeze")
    page.keyboard.press("Enter")
    assert 0 < shown(page, ROWS) < ITEMS
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_javascript_all_rows_are_there(open_context: Open) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(NOTE)
    assert shown(page, ROWS) == ITEMS
    assert not page.locator("form.filters").is_visible()
