"""Silent faults stand in boxes, and are gathered on a page of their area."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import CONF, Build, Site, entry, page

LIST = "# Wrong without a word\n\nWhat to know.\n\n```{silent-faults} pages\n```\n"
BOX = """
:::{silent} A plain `list` hides its layers
`parameters()` finds none in a `list`, e.g. here. So `step` trains nothing.

```{doctest}
>>> 1 + 1
2
```
:::
"""
EMPTY = "\n:::{silent} It stays as it was\nIt is so.\n:::\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("silent"))
    head = "# Area\n\n```{toctree}\n"
    site.write(
        {
            "docs/index.md": f"{head}pages/index\n```\n",
            "docs/pages/index.md": f"{head}z\na\nwrong-without-a-word\n```\n",
            "docs/pages/a.md": page(entry("torch.nn.Module.train", ">>> 1 + 1\n2"), BOX, title="A"),
            "docs/pages/z.md": page(
                entry("torch.nn.Module.eval", ">>> 3 + 1\n4"),
                BOX.replace("A plain", "No plain").replace("1 + 1\n2", "2 + 1\n3"),
                title="Z",
            ),
            "docs/pages/wrong-without-a-word.md": LIST,
        }
    )
    return site


@pytest.fixture(scope="module")
def built(site: Site) -> Build:
    done = site.build()
    assert done.status == 0, done.output
    return done


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_a_box_names_its_kind_and_has_an_anchor(built: Build) -> None:
    shown = built.page("pages/a")
    assert '<div class="silent admonition" id="silent-a-plain-list-hides-its-layers">' in shown
    link = r'<p class="silent-kind"><a class="[^"]*" href="wrong-without-a-word\.html">'
    assert re.search(link, shown)
    assert "Wrong without a word" in shown


def test_the_page_of_the_area_lists_them_in_the_order_of_its_pages(built: Build) -> None:
    shown = built.page("pages/wrong-without-a-word")
    said = text_of(shown)
    line = "plain list hides its layers: parameters() finds none in a list, e.g. here."
    assert re.search(rf"2 silent faults Z No {re.escape(line)} A A {re.escape(line)}", said), said
    assert "trains nothing" not in said
    assert 'href="a.html#silent-a-plain-list-hides-its-layers"' in shown


def test_search_and_markdown_have_list_and_title(built: Build) -> None:
    index = (built.html / "search-index.js").read_text(encoding="utf-8")
    assert index.count("A plain list hides its layers") == 2
    text = (built.html / "pages/wrong-without-a-word.md").read_text(encoding="utf-8")
    link = "[A plain `list` hides its layers](a.md#silent-a-plain-list-hides-its-layers)"
    assert f"- **{link}**: `parameters()` finds none in a `list`, e.g. here." in text
    box = (built.html / "pages/a.md").read_text(encoding="utf-8")
    assert "> A plain `list` hides its layers\n" in box


def test_an_edited_box_changes_the_list(site: Site, built: Build) -> None:
    assert built.status == 0
    path = site.root / "docs/pages/a.md"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("finds none", "misses all"), encoding="utf-8")
    done = site.build()
    path.write_text(before, encoding="utf-8")
    assert "parameters() misses all in a list" in text_of(done.page("pages/wrong-without-a-word"))


def test_a_box_without_an_example_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF)
    text = page(entry("torch.nn.Module.train", ">>> 1 + 1\n2"), EMPTY)
    site.write({"docs/pages/a.md": text})
    done = site.build()
    line = text.split("\n").index(":::{silent} It stays as it was") + 1
    assert done.status == 1
    assert re.search(rf"pages/a\.md:{line}: WARNING: no example shows this", done.output)


def test_a_list_of_one_symptom_has_the_boxes_that_name_it(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF)
    first, second = (
        BOX.replace("A plain `list` hides its layers\n", f"{title}\n:symptom: {symptom}\n\n")
        for title, symptom in (("It is lost", "lost"), ("It is late", "slow"))
    )
    text = page(entry("torch.nn.Module.train", ">>> 1 + 1\n2"), first, second)
    lists = (
        f"# {key}\n\n```{{silent-faults}} pages\n:symptom: {key}\n```\n" for key in ("lost", "slow")
    )
    site.write(
        {"docs/pages/a.md": text, **{f"docs/pages/l{n}.md": one for n, one in enumerate(lists)}}
    )
    done = site.build()
    assert done.status == 0, done.output
    lost, slow = (text_of(done.page(f"pages/l{n}")) for n in range(2))
    assert ("It is lost" in lost, "It is late" in lost) == (True, False)
    assert ("It is lost" in slow, "It is late" in slow) == (False, True)
    wrong = text.replace(":symptom: slow", ":symptom: slwo")
    site.write({"docs/pages/a.md": wrong})
    done = site.build()
    line = wrong.split("\n").index(":::{silent} It is late") + 1
    assert done.status == 1
    told = rf"pages/a\.md:{line}: WARNING: no list has the symptom 'slwo'.*\(lost, slow\)"
    assert re.search(told, done.output), done.output
