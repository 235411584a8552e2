"""The messages in the output of an area's examples are gathered on one of its pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import Build, Site, entry, page

RAISES = """\
>>> def refuse(text):
...     raise ValueError(text)
>>> refuse("wide is not high")
Traceback (most recent call last):
    ...
ValueError: wide is not high"""
PRINTS = '>>> print("UserWarning: `a` is old (Triggered internally at /x.cpp:3.)")'


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    site = Site(tmp_path_factory.mktemp("messages"))
    tree = "# Area\n\n```{toctree}\n"
    again = entry("torch.nn.Module.eval", RAISES).replace(
        "```{entry} torch.nn.Module.eval\n```", ""
    )
    site.write(
        {
            "docs/index.md": f"{tree}pages/index\nother/index\n```\n",
            "docs/pages/index.md": f"{tree}a\nerrors\nmessages\n```\n",
            "docs/other/index.md": f"{tree}b\n```\n",
            "docs/other/b.md": page(
                entry("torch.nn.Module.half", RAISES.replace("wide", "elsewhere")), title="B"
            ),
            "docs/pages/a.md": page(
                entry("torch.nn.Module.train", RAISES, f"{PRINTS}\nUserWarning: `a` is old (...)"),
                title="A",
            ),
            "docs/pages/errors.md": page(again.replace("## eval", "## Widths"), title="Errors"),
            "docs/pages/messages.md": "# Messages\n\n```{message-index} pages\n```\n",
        }
    )
    done = site.build()
    assert done.status == 0, done.output
    return done


def rows(html: str) -> list[list[str]]:
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", one, re.DOTALL) for one in found]
    return [cell for cell in cells if cell]


def test_messages_of_the_area_stand_in_the_order_of_their_words(built: Build) -> None:
    shown = built.page("pages/messages")
    texts = [re.sub(r"<[^>]+>", "", row[0]).strip() for row in rows(shown)]
    assert texts == ["UserWarning: `a` is old (...)", "ValueError: wide is not high"]
    assert "elsewhere" not in shown


def test_each_leads_to_its_cause_and_to_the_calls_that_give_it(built: Build) -> None:
    old, wide = rows(built.page("pages/messages"))
    assert "href" not in old[1]
    assert re.search(r'href="a\.html#train".*A: train', old[2])
    assert re.search(r'href="errors\.html#widths".*Widths', wide[1])
    assert re.search(r'href="a\.html#train".*A: train', wide[2])


def test_the_search_finds_a_message_where_it_is_provoked_not_in_the_list(built: Build) -> None:
    index = (Path(built.html) / "search-index.js").read_text(encoding="utf-8")
    pages = re.findall(r'"page":(\d+)', index.split('"sections":')[1].split("wide is not")[0])
    assert "pages/messages" not in index.split('"url":"')[int(pages[-1]) + 1]
    assert index.count("wide is not high") == 2
