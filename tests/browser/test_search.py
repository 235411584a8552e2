"""The search of the built site in a browser: the right answer first, with the keyboard alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from torchproof.finding.tree import find_in_tree

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "docs" / "_build" / "html"
MESSAGE = re.compile(r"(?:\w+\.)*\w+(?:Error|Exception|Warning|Interrupt|Exit): \S")

# The section that the first answer leads to, judged by the built page and not by the index. The
# answers are those that the dialog shows, without it: to draw 40 results for each of 2,000 queries
# takes minutes.
ASK = """
async (cases) => {
  const { search } = torchproofSearch.create(torchproofSearchIndex);
  const input = document.querySelector(".search-dialog input");
  const pages = new Map();
  const flat = (text) => text.replace(/\\s+/g, " ");
  async function section(href) {
    const url = new URL(href);
    if (!pages.has(url.pathname)) {
      const text = await (await fetch(url)).text();
      pages.set(url.pathname, new DOMParser().parseFromString(text, "text/html"));
    }
    const html = pages.get(url.pathname);
    return url.hash ? html.getElementById(decodeURIComponent(url.hash.slice(1))) : html.body;
  }
  const wrong = [];
  for (const { query, name, last, message } of cases) {
    // A field drops line breaks.
    input.value = query;
    const [best] = search(input.value);
    const hash = best?.anchor ? `#${best.anchor}` : "";
    const href = best && new URL(best.page.url + hash, document.baseURI).href;
    const found = href && (await section(href));
    const signatures = found ? [...found.querySelectorAll("dt.sig")].map((sign) => sign.id) : [];
    const right = name
      ? signatures.includes(name)
      : last
        ? signatures.some((id) => id.split(".").at(-1) === last)
        : href?.includes("/errors.html") && flat(found.textContent).includes(flat(message));
    if (!right) wrong.push([query, href ?? null]);
  }
  return wrong;
}
"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context() as context:
        yield context.new_page()


def answers(page: Page, cases: list[dict[str, str]]) -> list[list[str]]:
    """Ask in the dialog, and return the queries whose first answer is wrong, with the answer."""
    field(page)
    page.keyboard.type("grad")
    expect(options(page).first).to_be_visible()
    wrong: list[list[str]] = page.evaluate(ASK, cases)
    return wrong


def field(page: Page) -> Any:
    """Open the dialog, and return its field."""
    page.keyboard.press("Control+k")
    return page.get_by_role("combobox", name="Search")


def options(page: Page) -> Any:
    return page.get_by_role("option")


def entry_names(site: str, page: Page) -> list[str]:
    page.goto(f"{site}/index.html")
    data: dict[str, Any] = page.evaluate("async () => (await fetch('examples.json')).json()")
    return [name for s in data["subjects"] if s["kind"] == "entry" for name in s["names"]]


def messages() -> list[str]:
    """Return each line with a message on the pages of errors, as the examples print it.

    The messages of Visdom's calls stand at the calls: `asked.toml` has those that people paste.
    """
    found = [
        line
        for subject in find_in_tree(ROOT).subjects
        if subject.file.startswith("docs/") and subject.file.endswith("/errors.md")
        for example in subject.examples
        for statement in example.statements
        for line in (statement.raises or statement.want).splitlines()
        if MESSAGE.match(line)
    ]
    return list(dict.fromkeys(found))


def test_every_name_leads_to_its_own_entry(site: str, page: Page) -> None:
    names = entry_names(site, page)
    assert len(names) > 250
    cases = [
        {"query": query, "name": name} for name in names for query in (name, name.partition(".")[2])
    ]
    assert answers(page, cases) == []


def test_the_last_part_of_every_name_leads_to_an_entry_of_it(site: str, page: Page) -> None:
    parts = {name.rpartition(".")[2] for name in entry_names(site, page)}
    cases = [
        {"query": form, "last": last} for last in sorted(parts) for form in (last, f"{last}()")
    ]
    assert answers(page, cases) == []


@pytest.mark.parametrize(
    ("owner", "receivers"),
    [
        ("visdom.Visdom.", ["vis.", "viz."]),
        ("torch.nn.Module.", ["nn.Module.", "Module.", "m.", "self."]),
        ("torch.Tensor.", ["Tensor.", "loss."]),
        ("torch.autograd.Function.", ["ctx.", "Function."]),
    ],
)
def test_a_method_is_found_as_it_is_called(
    site: str, page: Page, owner: str, receivers: list[str]
) -> None:
    names = [name for name in entry_names(site, page) if name.startswith(owner)]
    cases = [
        {"query": f"{receiver}{name.removeprefix(owner)}(x)", "name": name}
        for name in names
        for receiver in receivers
    ]
    assert len(names) > 10
    assert answers(page, cases) == []


def test_every_message_leads_to_the_section_of_errors_that_shows_it(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    found = messages()
    assert len(found) > 380
    assert answers(page, [{"query": message, "message": message} for message in found]) == []


def test_every_message_is_found_in_a_traceback_and_without_its_type(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    above = (
        'Traceback (most recent call last):\n  File "train.py", line 12, in <module>\n    step()\n'
    )
    cases = [{"query": above + message, "message": message} for message in messages()]
    # Of a shorter one, as KeyError: 2, nothing is left that tells it from other text.
    bare = [(m, m.partition(": ")[2]) for m in messages()]
    cases += [{"query": text, "message": m} for m, text in bare if len(text.split()) > 1]
    assert answers(page, cases) == []


@pytest.mark.parametrize(
    ("query", "page_and_anchor"),
    [
        ("zero_gard", "autograd/zeroing-and-stepping.html#module-zero-grad"),
        ("TORCH.NN.MODULE.TO", "nn-module/moving-and-converting.html#to"),
        ("m.register_buffer(", "nn-module/registering.html#register-buffer"),
        ("zero_gr", "autograd/zeroing-and-stepping.html#module-zero-grad"),
        ("save mem budg", "autograd/saved-tensors.html#region-activation-memory-budget"),
        ("with torch.no_grad():", "autograd/not-recording.html#no-grad"),
        (">>> loss.backward()", "autograd/backward-and-accumulation.html#backward"),
        ("retain_graph", "autograd/backward-and-accumulation.html#retain-graph"),
    ],
)
def test_typos_beginnings_and_code_are_understood(
    site: str, page: Page, query: str, page_and_anchor: str
) -> None:
    page.goto(f"{site}/index.html")
    field(page).fill(query)
    expect(options(page).first).to_have_attribute("href", f"{site}/{page_and_anchor}")


def test_a_name_is_reached_with_the_keyboard_alone(site: str, page: Page) -> None:
    page.goto(f"{site}/visdom/line.html")
    page.keyboard.press("/")
    page.keyboard.type("zero_grad")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/autograd/zeroing-and-stepping.html#module-zero-grad")
    # On the page itself the dialog closes.
    page.keyboard.press("Control+k")
    page.keyboard.type("Optimizer.step")
    expect(options(page).first).to_contain_text("torch.optim.Optimizer.step")
    page.keyboard.press("Enter")
    page.wait_for_url("**#optimizer-step")
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_arrows_move_through_the_results_and_the_caret_stays(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    combobox = field(page)
    expect(combobox).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("hook")
    expect(combobox).to_have_attribute("aria-expanded", "true")
    ids = [option.get_attribute("id") for option in options(page).all()]
    for key, at in [
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("ArrowUp", 0),
        ("ArrowUp", -1),
    ]:
        page.keyboard.press(key)
        expect(combobox).to_have_attribute("aria-activedescendant", str(ids[at]))
        expect(page.locator("[aria-selected=true]")).to_have_count(1)
        expect(page.locator("[aria-selected=true]")).to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    expect(combobox).to_have_attribute("aria-activedescendant", str(ids[0]))
    page.keyboard.press("Home")
    page.keyboard.type("full ")
    page.keyboard.press("End")
    page.keyboard.type("s")
    expect(combobox).to_have_value("full hooks")
    expect(combobox).to_be_focused()


def test_escape_closes_and_gives_the_focus_back(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    link = page.get_by_role("link", name="examples.json").first
    link.focus()
    combobox = field(page)
    page.keyboard.type("a/b")
    expect(combobox).to_have_value("a/b")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(link).to_be_focused()
    # The query is still there, and the next letter replaces it.
    page.keyboard.press("Control+k")
    page.keyboard.type("to")
    expect(combobox).to_have_value("to")


def test_a_button_stands_in_place_of_the_form(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    expect(page.locator("form.sidebar-search-container")).to_have_count(0)
    button = page.get_by_role("button", name="Search").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()


def test_a_pasted_traceback_keeps_its_lines(site: str, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/index.html")
    text = (
        'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n'
        "    loss.backward()\n"
        "RuntimeError: grad can be implicitly created only for scalar outputs\n"
    )
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    combobox = field(page)
    page.keyboard.press("Control+v")
    expect(combobox).to_have_value(text.strip().replace("\n", "⏎"))
    expect(options(page).first).to_have_attribute(
        "href", f"{site}/autograd/errors.html#starting-a-backward-pass"
    )


def test_the_number_of_results_is_said_and_none_has_a_next_step(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    combobox = field(page)
    status = page.locator(".search-dialog [role=status]")
    expect(status).to_have_text("")
    expect(page.get_by_text("an error message, whole")).to_be_visible()
    combobox.fill("zero_grad")
    expect(status).to_have_text(f"{options(page).count()} results")
    combobox.fill("qqqqqqqq")
    expect(status).to_have_text("No results. Fewer or other words may find it.")
    expect(page.get_by_role("listbox")).not_to_be_visible()
    expect(combobox).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="vis.line").click()
    expect(options(page).first).to_contain_text("visdom.Visdom.line")
    expect(combobox).to_be_focused()


def test_results_stand_under_their_page_with_the_words_marked(site: str, page: Page) -> None:
    page.goto(f"{site}/index.html")
    field(page).fill("vis.line")
    group = page.get_by_role("group", name="Visdom › Line plots")
    assert group.get_by_role("option").first.locator("mark").all_inner_texts().count("line") > 1
    hrefs = [option.get_attribute("href") for option in options(page).all()]
    assert len(set(hrefs)) == len(hrefs)


def test_the_index_is_loaded_with_the_first_opening_only(site: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/index.html", wait_until="networkidle")
    assert not [url for url in asked if "search-index" in url or "minisearch" in url]
    for _ in range(2):
        field(page)
        page.keyboard.type("grad")
        expect(options(page).first).to_be_visible()
        page.keyboard.press("Escape")
    assert len([url for url in asked if "search-index" in url]) == 1
    assert all(url.startswith(site) for url in asked)


def test_it_speaks_the_language_of_the_page_and_finds_words_of_chinese(
    site: str, page: Page
) -> None:
    english = (BUILT / "index.html").read_text(encoding="utf-8")
    chinese = english.replace('lang="en"', 'lang="zh-CN"')
    index = {
        "pages": [{"url": "index.html", "title": "梯度", "area": "", "errors": False}],
        "sections": [
            {"page": 0, "title": "不记录", "kind": "section", "text": "冻结一部分模型。"},
            {"page": 0, "title": "累加梯度", "kind": "section", "text": "backward把梯度相加。"},
        ],
    }
    text = f"var torchproofSearchIndex = {json.dumps(index)};"
    page.route("**/index.html", lambda route: route.fulfill(body=chinese, content_type="text/html"))
    page.route("**/search-index.js", lambda route: route.fulfill(body=text))
    page.goto(f"{site}/index.html")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="搜索").fill("梯度")
    first = page.get_by_role("group", name="梯度").get_by_role("option").first
    expect(first).to_contain_text("累加梯度")
    assert first.locator("mark").all_inner_texts()[:2] == ["梯", "度"]
    page.get_by_role("combobox").fill("backward")
    expect(options(page)).to_have_count(1)
    expect(page.locator(".search-dialog [role=status]")).to_have_text("1 个结果")


def test_a_missing_index_is_said_and_asked_for_again(site: str, page: Page) -> None:
    page.route("**/search-index.js", lambda route: route.abort(), times=1)
    page.goto(f"{site}/index.html")
    field(page)
    expect(page.locator(".search-dialog [role=status]")).to_contain_text(
        "search-index.js is missing"
    )
    page.keyboard.type("grad")
    expect(options(page).first).to_be_visible()


def test_it_works_from_a_file(page: Page) -> None:
    page.goto((BUILT / "nn-module" / "apply.html").as_uri())
    field(page).fill("zero_grad")
    expect(options(page).first).to_have_attribute(
        "href", f"{(BUILT / 'autograd' / 'zeroing-and-stepping.html').as_uri()}#module-zero-grad"
    )


def test_the_page_of_the_search_asks_the_same_index(site: str, page: Page) -> None:
    page.goto(f"{site}/search.html?q=vis.line")
    expect(options(page).first).to_have_attribute("href", f"{site}/visdom/line.html#line")
    combobox = field(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    combobox.fill("zero_grad")
    combobox.press("Enter")
    page.wait_for_url("**/autograd/zeroing-and-stepping.html#module-zero-grad")
    page.go_back()
    expect(combobox).to_have_value("zero_grad")


def test_without_javascript_the_form_leads_to_a_page_that_says_so(
    site: str, chromium: Browser
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/index.html")
        page.locator("input.sidebar-search").fill("zero_grad")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=zero_grad*")
        expect(page.get_by_text("The search needs JavaScript")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_does_not_move_for_who_asked(
    site: str, chromium: Browser, scheme: Any
) -> None:
    size: Any = {"width": 320, "height": 480}
    with chromium.new_context(
        viewport=size, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto(f"{site}/index.html")
        page.get_by_role("banner").get_by_role("button", name="Search").click()
        page.get_by_role("combobox", name="Search").fill("register_full_backward_hook")
        expect(options(page).first).to_be_visible()
        dialog = page.get_by_role("dialog")
        box = dialog.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] + box["height"] <= 480
        assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
        assert dialog.evaluate("dialog => getComputedStyle(dialog).animationName") == "none"
