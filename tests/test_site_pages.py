"""The `{visdom-page}` directive in a build: numbers, legend, and what is said when they differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from sites import Build, Site
from test_page_pictures import DRAWN, SCENARIO
from test_pane_pictures import png
from test_visdom_panes import needs_browser

from torchproof.panes.page_pictures import PagePictures

HIDDEN = {"TORCHPROOF_CHROMIUM": "/nonexistent"}
LEGEND = "1. The [filter](#the-page).\n2. A [window](#the-page).\n"
CONF = 'myst_heading_anchors = 2\nhtml_static_path = []\nexclude_patterns = ["_build"]\n'


def page(legend: str = LEGEND, *, name: str = "first", options: str = ":alt: the page") -> str:
    return f"# The page\n\n:::{{visdom-page}} {name}\n{options}\n\n{legend}:::\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.write(
        {
            "docs/pages/a.md": page(),
            "docs/visdom/pages/first.py": SCENARIO,
            "docs/conf.py": site.root.joinpath("docs/conf.py").read_text() + CONF,
        }
    )
    return site


def pictures(site: Site) -> PagePictures:
    return PagePictures(site.root / "docs/visdom/pages")


def told(build: Build) -> list[str]:
    return [line for line in build.output.splitlines() if "WARNING" in line or "page `" in line]


def test_a_current_picture_is_shown_with_its_numbers_and_legend(site: Site) -> None:
    pictures(site).write("first", DRAWN)
    build = site.build(env=HIDDEN)
    assert (build.status, told(build)) == (0, [])
    html = build.page("pages/a")
    assert 'alt="the page"' in html
    assert html.count('class="visdom-page-part"') == 2
    assert [html.count(f'aria-hidden="true">{number}</span>') for number in (1, 2, 3)] == [1, 1, 0]
    # The box of the filter: 900 of 1280 pixels from the left, 8 of 400 from the top.
    assert 'style="left: 70.31%; top: 2.00%; width: 18.20%; height: 8.50%"' in html
    assert '<ol class="arabic simple visdom-page-legend">' in html
    assert (build.html / "_images/first.png").read_bytes() == png()
    markdown = (build.html / "pages/a.md").read_text(encoding="utf-8")
    assert "(../_images/first.png)\n\n1. The [filter](#the-page).\n2. A " in markdown


def test_a_picture_out_of_date_is_shown_and_the_log_says_so(site: Site) -> None:
    pictures(site).write("first", DRAWN)
    site.write({"docs/visdom/pages/first.py": SCENARIO.replace("words", "other")})
    build = site.build(env=HIDDEN)
    assert build.status == 0, build.output
    (line,) = told(build)
    assert "visdom/pages/first.py: page `first` is shown as committed, though its scenario" in line
    assert "/nonexistent" in line


def test_without_a_picture_the_page_is_one_warning(site: Site) -> None:
    build = site.build(env=HIDDEN)
    assert build.status != 0
    (line,) = told(build)
    assert "docs/pages/a.md:3: WARNING: no picture of the page `first`: tox -e pages" in line
    # Once there is one, the page that was read without it shows it.
    pictures(site).write("first", DRAWN)
    build = site.build(env=HIDDEN)
    assert (build.status, told(build)) == (0, [])
    assert 'class="visdom-page-number"' in build.page("pages/a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (page("1. One.\n"), "the legend of `first` has 1 items, for the 2 parts that LABELS names"),
        (page("Words.\n"), "the legend of `first` has 0 items, for the 2 parts that LABELS names"),
        (page(name="other"), "no scenario docs/visdom/pages/other.py; there are: first"),
        (page(options=""), "the picture of the page `first` needs an `:alt:` that describes it"),
    ],
)
def test_what_does_not_fit_is_told_by_file_and_line(site: Site, text: str, said: str) -> None:
    pictures(site).write("first", DRAWN)
    site.write({"docs/pages/a.md": text})
    build = site.build(env=HIDDEN)
    assert build.status != 0
    (line,) = told(build)
    assert "docs/pages/a.md:3: WARNING: " in line
    assert said in line


def test_an_unlabelled_picture_has_no_numbers(site: Site) -> None:
    pictures(site).write("first", DRAWN)
    site.write({"docs/pages/a.md": page("", options=":alt: the page\n:unlabelled:")})
    build = site.build(env=HIDDEN)
    assert (build.status, told(build)) == (0, [])
    html = build.page("pages/a")
    assert "visdom-page" in html
    assert "visdom-page-number" not in html
    assert "visdom-page-part" not in html


@needs_browser
def test_with_a_browser_only_what_is_out_of_date_is_drawn(site: Site) -> None:
    store = pictures(site)
    build = site.build()
    assert build.status == 0, build.output
    assert store.due() == {}
    stamps = [path.stat().st_mtime_ns for path in (store.png("first"), store.data("first"))]
    build = site.build()
    assert build.status == 0
    assert "pictures of pages" not in build.output
    assert stamps == [path.stat().st_mtime_ns for path in (store.png("first"), store.data("first"))]
    site.write({"docs/visdom/pages/first.py": SCENARIO.replace("fill", "fall")})
    build = site.build()
    assert build.status != 0
    (line,) = told(build)
    assert "WARNING: the page `first` is not drawn: " in line
    assert "docs/visdom/pages/first.py:10: AttributeError: 'Locator' object has no attribut" in line
