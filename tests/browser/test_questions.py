"""The score of the search on questions and messages that its index does not carry."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
ASKED = tomllib.loads(Path(__file__).with_name("asked.toml").read_text(encoding="utf-8"))
CARRIED = tomllib.loads((ROOT / "docs" / "questions.toml").read_text(encoding="utf-8"))

READING = "nn-module/attributes-of-a-module#reading-an-attribute"

# The place of the first right section among the results, from 0, or -1.
ASK = """
(cases) => {
  const { search } = torchproofSearch.create(torchproofSearchIndex);
  const address = ({ page, anchor }) =>
    page.url.replace(".html", "") + (anchor ? `#${anchor}` : "");
  return Object.entries(cases).map(([query, right]) => {
    const found = search(query).map(address);
    return [query, found.findIndex((place) => right.includes(place)), found[0] ?? null];
  });
}
"""


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """Return a page that has loaded the search."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{site}/index.html")
        page.keyboard.press("Control+k")
        page.keyboard.type("grad")
        expect(page.get_by_role("option").first).to_be_visible()
        yield page


def places(page: Page, cases: Mapping[str, list[str]]) -> dict[str, tuple[int, str]]:
    """Return the place of a right section for each query, and what came first."""
    return {query: (place, first) for query, place, first in page.evaluate(ASK, cases)}


def share(found: Mapping[str, tuple[int, str]], *, among: int) -> float:
    right = sum(0 <= place < among for place, _ in found.values())
    print(f"{right} of {len(found)} among the first {among}")
    return right / len(found)


def test_no_scored_question_is_carried_by_the_index() -> None:
    carried = {
        text.casefold()
        for values in CARRIED.values()
        for text in (*values.get("questions", []), *values.get("messages", []))
    }
    assert [text for part in ASKED.values() for text in part if text.casefold() in carried] == []
    assert len(ASKED["questions"]) >= 150
    assert len(ASKED["messages"]) >= 30


def test_a_question_in_plain_words_finds_the_right_section(page: Page) -> None:
    found = places(page, ASKED["questions"])
    # 83 % and 95 % when this was written; the aim is 85 % and 97 %.
    assert share(found, among=1) >= 0.8, found
    assert share(found, among=3) >= 0.93, found


def test_a_pasted_message_finds_the_right_section(page: Page) -> None:
    found = places(page, ASKED["messages"])
    assert share(found, among=1) >= 0.9, found


def test_a_question_that_the_index_carries_finds_its_own_section(page: Page) -> None:
    cases = {
        question: [address]
        for address, values in CARRIED.items()
        for question in values.get("questions", [])
    }
    found = places(page, cases)
    assert share(found, among=1) >= 0.97, found
    assert share(found, among=3) >= 0.99, found


@pytest.mark.parametrize(
    ("query", "address"),
    [
        # A question that the index carries comes first whatever stands between its words.
        ("Why is my .grad None?", "autograd/recipes#find-the-parameters-that-get-no-gradient"),
        ("freezing layers by their names", "nn-module/recipes#freeze-layers-by-name"),
        # A synonym: `del` for remove; a word in another form.
        ("deleting a hook", "nn-module/forward-hooks#handles"),
    ],
)
def test_forms_and_synonyms_are_one_word(page: Page, query: str, address: str) -> None:
    assert places(page, {query: [address]})[query] == (0, address)


@pytest.mark.parametrize(
    ("message", "right"),
    [
        (
            "RuntimeError: Function MineBackward returned an invalid gradient at index 3 - got "
            "[7] but expected shape compatible with [8, 9]",
            "autograd/errors#a-function",
        ),
        ("AttributeError: 'Mine' object has no attribute 'fc9'", READING),
        # What a built-in type lacks is another matter.
        ("AttributeError: 'float' object has no attribute 'ndim'", "visdom/line#line"),
        (
            "WARNING:tornado.access:403 POST /close (10.0.0.7) 12.61ms",
            "visdom/server-answers#the-log",
        ),
    ],
)
def test_a_message_is_found_with_other_classes_shapes_and_numbers(
    page: Page, message: str, right: str
) -> None:
    assert places(page, {message: []})[message][1].startswith(right)


def test_the_rows_of_then_and_now_are_found_one_by_one_and_last(page: Page) -> None:
    rows = page.evaluate(
        "() => torchproofSearchIndex.sections.filter(({ kind }) => kind === 'row')"
        ".map(({ anchor }) => anchor)"
    )
    assert len(rows) > 100
    assert all(anchor.startswith("item-") for anchor in rows)
    first = [first for _, first in places(page, ASKED["questions"]).values()]
    assert [address for address in first if address.startswith(("then-and-now", "names"))] == []
