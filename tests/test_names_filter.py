"""The filter over the list of all names, in a real browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sites import CONF, Site, entry, page

from torchproof.visdom.browser import browser_context, missing_browser

ROOT = Path(__file__).parents[1]
LISTS = (
    "# Names\n\n```{names} filter\n```\n\n## Pages\n\n```{names} pages\n```\n\n"
    "## Letters\n\n```{names} letters\n```\n"
)
WITH_FILTER = """
html_static_path = ["static"]
html_js_files = [("names.js", {"defer": "defer"})]
"""
ENTRIES = [
    entry("torch.nn.Module.zero_grad", ">>> 1\n1"),
    entry("torch.no_grad", ">>> 1\n1"),
    entry("torch.nn.Module.to", ">>> 1\n1"),
]


@pytest.mark.browser
@pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())
def test_the_filter_leaves_what_has_all_words(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF + WITH_FILTER)
    (tmp_path / "docs/static").mkdir()
    shutil.copy(ROOT / "docs/_static/names.js", tmp_path / "docs/static")
    site.write({"docs/pages/a.md": page(*ENTRIES), "docs/pages/names.md": LISTS})
    build = site.build()
    assert build.status == 0, build.output
    with browser_context() as context:
        tab = context.new_page()
        tab.goto((build.html / "pages/names.html").as_uri())
        heads = tab.locator("section[id^=names-] > h3:visible")
        field = tab.get_by_label("Filter")
        letters = tab.locator(".names-full > li:visible code")
        assert letters.all_inner_texts() == ["no_grad", "to", "zero_grad"]
        field.fill("grad NN.module")
        assert letters.all_inner_texts() == ["zero_grad"]
        assert tab.locator(".names-short > li:visible code").all_inner_texts() == ["zero_grad"]
        assert tab.locator("output").inner_text() == "1 found"
        assert heads.all_inner_texts()[-1].startswith("Z")
        # An alias is found, too.
        field.fill("torch.autograd.no_grad")
        assert letters.all_inner_texts() == ["no_grad"]
        field.fill("nothing")
        assert tab.locator("output").inner_text() == "0 found"
        field.fill("")
        assert letters.all_inner_texts() == ["no_grad", "to", "zero_grad"]
