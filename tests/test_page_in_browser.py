"""What a reader's browser copies and prints from a page."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sites import CONF, Site, entry, page

from torchproof.visdom.browser import browser_context, missing_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing_browser()), reason=missing_browser()),
]
DOCS = Path(__file__).parents[1] / "docs"
BLOCK = '''\
>>> layer = nn.Linear(1, 1)
>>> for name in ["weight"]:
...     if layer.training:
...         text = """a
...
...         b"""
...
>>> layer.eval().training, text.count("\\n")
(False, 2)
>>> print("last")
last'''
COPIED = '''\
layer = nn.Linear(1, 1)
for name in ["weight"]:
    if layer.training:
        text = """a

        b"""

layer.eval().training, text.count("\\n")
print("last")'''
LONG = ">>> " + " + ".join(["1"] * 80) + "\n80"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open a page with the settings and styles of the real site."""
    real = runpy.run_path(str(DOCS / "conf.py"))
    taken = {name: real[name] for name in real if name.startswith(("copybutton_", "html_css"))}
    settings = "\n".join(f"{name} = {value!r}" for name, value in taken.items())
    conf = CONF.replace('"myst_parser"', '"myst_parser", "sphinx_copybutton"')
    conf = conf.replace('"basic"', '"furo"')
    site = Site(
        tmp_path_factory.mktemp("site"),
        conf=f"{conf}\nhtml_static_path = [{str(DOCS / '_static')!r}]\n{settings}\n",
    )
    train = "\nSee [elsewhere](https://example.org/page.html).\n"
    site.write(
        {
            "docs/pages/a.md": page(
                train,
                entry("torch.nn.Module.train", BLOCK, LONG),
                entry("torch.nn.Module.eval", ">>> nn.Linear(1, 1).eval().training\nFalse"),
            )
        }
    )
    done = site.build()
    assert done.status == 0, done.output
    with browser_context() as context:
        tab = context.new_page()
        tab.goto((done.html / "pages/a.html").as_uri())
        yield tab


def test_copying_gives_the_code_and_nothing_else(shown: Page) -> None:
    block = shown.locator("div.highlight", has=shown.locator("a.code-link")).first
    assert block.locator("a.code-link").all_text_contents() == ["eval"]
    block.hover()
    block.locator("button.copybtn").click()
    # What a page may read of the clipboard differs; what it is given by the reader does not.
    shown.evaluate(
        "document.body.append(Object.assign(document.createElement('textarea'), {id: 'p'}))"
    )
    shown.locator("#p").focus()
    shown.keyboard.press("Control+V")
    assert shown.locator("#p").input_value() == COPIED
    shown.evaluate("document.querySelector('#p').remove()")


def test_a_link_in_code_and_that_of_a_fact_can_be_reached_and_are_named(shown: Page) -> None:
    link = shown.locator("a.code-link", has_text="eval").first
    link.focus()
    assert link.evaluate("node => getComputedStyle(node).textDecorationStyle") == "dotted"
    fact = shown.get_by_role("link", name="Link to this fact: What it does.").first
    assert fact.evaluate("node => getComputedStyle(node).opacity") == "0"
    fact.focus()
    assert fact.evaluate("node => getComputedStyle(node).opacity") == "1"
    fact.click()
    assert shown.url.endswith("#train--what-it-does")
    assert shown.locator(":target").inner_text().startswith("What it does.")


def test_paper_has_the_text_alone_and_all_of_it(shown: Page) -> None:
    shown.emulate_media(media="print")
    for gone in (".sidebar-drawer", ".toc-drawer", ".page-links", "a.fact-link", "button.copybtn"):
        assert not shown.locator(gone).first.is_visible(), gone
    after = "node => getComputedStyle(node, '::after').content"
    link = shown.locator("a", has_text="elsewhere")
    assert "(https://example.org/page.html)" in link.evaluate(after)
    cut = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth).length"
    shown.set_viewport_size({"width": 700, "height": 1000})
    assert shown.locator("pre").evaluate_all(cut) == 0
    shown.emulate_media(media="screen")
