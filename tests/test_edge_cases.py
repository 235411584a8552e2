"""Folded edge cases: proven, found, linked and listed as if they were not folded."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import CONF, Build, Site, entry, page

from torchproof.finding.pages import find_in_page
from torchproof.statements.binding import read_statements
from torchproof.visdom.browser import browser_context, missing_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = Path(__file__).parents[1] / "docs"
MARK = "\n:::{edge-cases}\n:::\n"
REFUSED = "\nA number is refused.\n\n```{doctest}\n>>> 2 + 2\n4\n```\n"
ODD = "\n### Odd inputs\n\nAn odd one.\n\n```{doctest}\n>>> 3 + 3\n6\n```\n"
PAIR = "\nA pair is taken.\n\n```{doctest}\n>>> 4 + 4\n8\n```\n"
KEPT = ODD.replace("Odd inputs", "Usual inputs").replace("An odd one", "A usual one")
INSIDE = f"\n::::{{edge-cases}}{PAIR}::::\n"
FILLER = "\n".join(f"\n```{{doctest}}\n>>> {n} * 9\n{n * 9}\n```\n" for n in range(1, 40))


def text_of(*, folded: bool) -> str:
    """Return a page with edge cases, folded or not."""
    first = entry("torch.nn.Module.train", ">>> 1 + 1\n2")
    text = page(
        first + MARK + REFUSED + ODD,
        entry("torch.nn.Module.eval", ">>> 5 + 5\n10") + INSIDE,
        entry("torch.nn.Module.cpu", ">>> 7 + 7\n14") + KEPT + MARK + ODD.replace("odd", "old"),
        FILLER,
    )
    return text if folded else text.replace(MARK, "").replace(INSIDE, PAIR)


def written(root: Path, *, folded: bool) -> Path:
    path = root / ("folded.md" if folded else "plain.md")
    path.write_text(text_of(folded=folded), encoding="utf-8")
    return path


def test_a_fold_changes_no_subject_and_no_statement(tmp_path: Path) -> None:
    folded, plain = (written(tmp_path, folded=f) for f in (True, False))
    found = [find_in_page(p, root=tmp_path) for p in (folded, plain)]
    assert [s.digest for s in found[0].subjects] == [s.digest for s in found[1].subjects]
    assert [s.id.partition("::")[2] for s in found[0].subjects] == ["train", "eval", "cpu"]
    told = [read_statements(p.read_text(encoding="utf-8")) for p in (folded, plain)]
    said = [[(s.text, s.standing) for s in t.statements] for t in told]
    assert said[0] == said[1]
    lines = folded.read_text(encoding="utf-8").split("\n")
    for statement in told[0].statements:
        assert lines[statement.line - 1] == statement.text


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Build]:
    """Build the page folded and plain, with the styles and scripts of the real site."""
    real = runpy.run_path(str(DOCS / "conf.py"))
    settings = f"html_static_path = [{str(DOCS / '_static')!r}]\n"
    settings += f"html_css_files = {real['html_css_files']!r}\n"
    settings += 'html_js_files = [("folds.js", {"defer": "defer"})]\n'
    builds = []
    for folded in (True, False):
        site = Site(
            tmp_path_factory.mktemp("site"), conf=CONF.replace('"basic"', '"furo"') + settings
        )
        site.write({"docs/pages/a.md": text_of(folded=folded)})
        done = site.build()
        assert done.status == 0, done.output
        builds.append(done)
    return builds[0], builds[1]


def anchors(build: Build) -> list[str]:
    return re.findall(r' id="([^"]+)"', build.page("pages/a"))


def test_the_rest_of_the_section_is_folded_without_its_footer(sites: tuple[Build, Build]) -> None:
    [first, second, third] = re.findall(
        r'<details class="fold edge-cases">.*?</details>', sites[0].page("pages/a"), re.DOTALL
    )
    assert ("A number is refused." in first, "Odd inputs" in first) == (True, True)
    assert ("What it does." in first, "entry-footer" in first) == (False, False)
    assert "A pair is taken." in second
    assert ("Usual inputs" in third, "An old one." in third) == (False, True)
    summary = '<summary>Edge cases, checked <span class="fold-number">{}</span></summary>'
    assert (summary.format("2 examples") in first, summary.format("1 example") in second) == (
        (True, True)
    )


def test_anchors_contents_search_and_outcomes_are_those_of_the_plain_page(
    sites: tuple[Build, Build],
) -> None:
    folded, plain = sites
    assert anchors(folded) == anchors(plain)
    assert "train--a-number-is-refused" in anchors(folded)
    for html in (folded, plain):
        assert '<a class="reference internal" href="#odd-inputs">' in html.page("pages/a")
    index = [(b.html / "search-index.js").read_text(encoding="utf-8") for b in sites]
    assert index[0] == index[1]
    data = [json.loads((b.html / "examples.json").read_text(encoding="utf-8")) for b in sites]
    assert data[0]["statements"] == data[1]["statements"]


def test_markdown_names_the_fold(sites: tuple[Build, Build]) -> None:
    text = (sites[0].html / "pages/a.md").read_text(encoding="utf-8")
    assert "**Edge cases, checked**\n\nA number is refused." in text
    assert "\n### Odd inputs\n" in text


def test_a_mark_with_nothing_to_fold_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(entry("torch.nn.Module.train", ">>> 1 + 1\n2") + MARK)
    site.write({"docs/pages/a.md": text})
    done = site.build()
    line = text.split("\n").index(":::{edge-cases}") + 1
    assert done.status == 1
    assert re.search(rf"pages/a\.md:{line}: WARNING: {{edge-cases}} without content", done.output)


HELD = "\n:::{held}\nThe server has both.\n\n```{doctest}\n>>> 1 + 2\n3\n```\n:::\n"


def test_what_a_server_holds_folds_in_its_place(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(entry("torch.nn.Module.train", ">>> 1 + 1\n2") + HELD + REFUSED)
    site.write({"docs/pages/a.md": text})
    done = site.build()
    assert done.status == 0, done.output
    shown = done.page("pages/a")
    [folded] = re.findall(r'<details class="fold held">.*?</details>', shown, re.DOTALL)
    assert "What the server holds, checked" in folded
    assert ("has both" in folded, "is refused" in folded) == (True, False)
    markdown = (done.html / "pages/a.md").read_text(encoding="utf-8")
    assert "**What the server holds, checked**\n\nThe server has both." in markdown


def test_held_without_content_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(entry("torch.nn.Module.train", ">>> 1 + 1\n2") + "\n:::{held}\n:::\n")
    site.write({"docs/pages/a.md": text})
    done = site.build()
    line = text.split("\n").index(":::{held}") + 1
    assert done.status == 1
    assert re.search(rf"pages/a\.md:{line}: WARNING: {{held}} folds its content", done.output)


in_browser = pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser_context() as context:
        yield context.new_page()


@pytest.mark.browser
@in_browser
def test_an_address_inside_opens_the_fold(sites: tuple[Build, Build], tab: Page) -> None:
    address = (sites[0].html / "pages/a.html").as_uri()
    tab.goto(address)
    assert not tab.get_by_text("An odd one.").is_visible()
    tab.goto(f"{address}#odd-inputs")
    tab.get_by_text("An odd one.").wait_for(state="visible")
    assert not tab.get_by_text("A pair is taken.").is_visible()
    # A browser that opens no fold by itself: the target is hidden when the script looks.
    tab.goto(address)
    tab.evaluate("history.replaceState(null, '', '#eval--a-pair-is-taken')")
    tab.evaluate("dispatchEvent(new Event('hashchange'))")
    tab.get_by_text("A pair is taken.").wait_for(state="visible")


@pytest.mark.browser
@in_browser
def test_paper_has_the_fold_open(sites: tuple[Build, Build], tab: Page) -> None:
    tab.goto((sites[0].html / "pages/a.html").as_uri())
    tab.emulate_media(media="print")
    shown = "node => node.checkVisibility({contentVisibilityAuto: true}) && node.offsetHeight > 0"
    assert tab.get_by_text("An odd one.").evaluate(shown)
    tab.emulate_media(media="screen")
    assert not tab.get_by_text("An odd one.").evaluate(shown)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details.edge-cases[open]").count() == 3
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details.edge-cases[open]").count() == 0
