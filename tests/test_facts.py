"""Anchors on facts, in a real build."""

from __future__ import annotations

import re
from pathlib import Path

from sites import CONF, SETUP, Site, page
from trees import section

TEXT = section(
    "first",
    ">>> 1 + 1\n2\n```\n\nA sum of `int`s is an int, and more words follow.\n\n"
    "```{doctest}\n>>> type(1 + 1)\n<class 'int'>\n```\n\n```{doctest}\n>>> 2 + 2\n4",
)


def test_each_fact_has_an_anchor_of_its_own_and_a_named_link(tmp_path: Path) -> None:
    site = Site(tmp_path)
    inner = "\n### deeper\n\nA sum of `int`s.\n\n```{doctest}\n>>> 3\n3\n```\n"
    again = "\nA sum of `int`s.\n\n```{doctest}\n>>> 4\n4\n```\n"
    site.write({"docs/pages/a.md": page(TEXT, inner, again, setup=SETUP)})
    done = site.build()
    assert done.status == 0, done.output
    text = done.page("pages/a")
    anchors = re.findall(r'<a class="fact-link" href="#([^"]*)" aria-label="([^"]*)"', text)
    label = "Link to this fact: "
    assert [*dict(anchors).items()][-4:] == [
        ("first--a-sum-of-ints-is-an", f"{label}A sum of ints is an"),
        ("first--2-2", f"{label}&gt;&gt;&gt; 2 + 2"),
        ("deeper--a-sum-of-ints", f"{label}A sum of ints."),
        ("deeper--a-sum-of-ints-2", f"{label}A sum of ints."),
    ]
    assert all(text.count(f'id="{anchor}"') == 1 for anchor, _ in anchors)
    # The set-up block is no fact.
    assert len(anchors) == 5
    assert "¶" not in (done.html / "search-index.js").read_text(encoding="utf-8")
    assert site.build("text").status == 0
    assert site.build("doctest").status == 0


def test_a_translated_fact_keeps_its_anchor(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        conf=f'{CONF}\nlanguage = "zh_CN"\nlocale_dirs = ["locale"]\ngettext_compact = False\n',
    )
    catalog = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    catalog += 'msgid "A sum of ints."\nmsgstr "\u6574\u6570\u4e4b\u548c"\n'
    sum_of_ints = "\n## first\n\nA sum of ints.\n\n```{doctest}\n>>> 3\n3\n```\n"
    site.write(
        {
            "docs/pages/a.md": page(sum_of_ints),
            "docs/locale/zh_CN/LC_MESSAGES/pages/a.po": catalog,
        }
    )
    done = site.build()
    assert done.status == 0, done.output
    text = done.page("pages/a")
    assert '<p id="first--a-sum-of-ints">\u6574\u6570\u4e4b\u548c<a class="fact-link"' in text
