"""A Markdown file beside each page, and the lists of all pages."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sites import CONF, Build, Site, entry, page
from trees import section

TEXT = """
```{note}
Mind *this*, and {py:meth}`torch.nn.Module.train`.
```

| name | what |
|---|---|
| `a` | x \\| y |

* one
* two with `code`

  1. deeper

![A picture](picture.png)

See [the other](other.md) and [elsewhere](https://example.org/page.html).
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "f8ffff3f0005fe02fea735812b0000000049454e44ae426082"
)


def built(root: Path, *, conf: str = CONF) -> Build:
    site = Site(root, conf=conf)
    graph = ":graph: loss\n>>> x = torch.ones(1, requires_grad=True)\n>>> loss = x * 2\n>>> loss\n"
    site.write(
        {
            "docs/index.md": "# Index\n\nThe front says it. Then more.\n\n"
            "```{toctree}\npages/b\npages/a\npages/other\n```\n",
            "docs/pages/a.md": page(
                "\nA sentence of `nn.Module`, e.g. this. Another one.\n",
                entry("torch.nn.Module.train", ">>> nn.Linear(1, 1).train().training\nTrue"),
                section("graphs", graph + "tensor([2.], grad_fn=<MulBackward0>)"),
                TEXT,
            ),
            "docs/pages/b.md": "# B & C\n\nFirst of b & c. Second.\n",
            "docs/pages/other.md": "# Other\n\nLast.\n",
        }
    )
    (root / "docs/pages/picture.png").write_bytes(PIXEL)
    done = site.build()
    assert done.status == 0, done.output
    return done


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return built(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Build:
    conf = f'{CONF}\nhtml_baseurl = "https://example.org/docs/"\ntorchproof_card_alt = "A card"\n'
    return built(tmp_path_factory.mktemp("published"), conf=conf)


def test_a_page_is_plain_markdown(plain: Build) -> None:
    text = (plain.html / "pages/a.md").read_text(encoding="utf-8")
    assert text.startswith("# Page\n\n```python\n>>> import torch\n")
    assert "\n## train\n\n`torch.nn.Module.train(mode: bool = True) -> Self` [source](https" in text
    assert "checked: CPU ✓ torch 2." in text
    assert "```python\n>>> nn.Linear(1, 1).train().training\nTrue\n```" in text
    assert "*Figure: " in text
    assert (
        "> **Note**\n>\n> Mind *this*, and [`torch.nn.Module.train()`](#torch.nn.Module.train)."
        in text
    )
    assert "| name | what |\n|---|---|\n| `a` | x \\| y |" in text
    assert "- one\n- two with `code`\n  1. deeper" in text
    assert "![A picture](../_images/picture.png)" in text
    assert "[the other](other.md) and [elsewhere](https://example.org/page.html)" in text
    assert "```{" not in text
    assert "¶" not in text


def test_a_page_links_its_markdown(plain: Build) -> None:
    text = plain.page("pages/a")
    assert '<link rel="alternate" type="text/markdown" href="a.md" />' in text
    assert '<a href="a.md" rel="alternate" type="text/markdown">This page as Markdown</a>' in text
    assert "as Markdown" not in plain.page("genindex")


def test_llms_txt_has_each_page_with_its_first_sentence(plain: Build, published: Build) -> None:
    assert (plain.html / "llms.txt").read_text(encoding="utf-8") == (
        "# Project name not set\n\n> The front says it.\n\n## Pages\n\n"
        "- [B & C](pages/b.md): First of b & c.\n"
        "- [Page](pages/a.md): A sentence of nn.Module, e.g. this.\n"
        "- [Other](pages/other.md): Last.\n"
    )
    base = "https://example.org/docs"
    assert f"]({base}/pages/b.md)" in (published.html / "llms.txt").read_text(encoding="utf-8")


def test_the_sitemap_needs_an_address(plain: Build, published: Build) -> None:
    assert not (plain.html / "sitemap.xml").exists()
    tree = ET.parse(published.html / "sitemap.xml")
    base = "https://example.org/docs"
    assert [node.text for node in tree.iter() if node.tag.endswith("loc")] == [
        f"{base}/{name}.html" for name in ("index", "pages/b", "pages/a", "pages/other")
    ]


def test_a_page_has_a_description_and_a_card(plain: Build, published: Build) -> None:
    said = 'content="First of b &amp; c." />'
    for done in (plain, published):
        assert done.page("pages/b").count(f'<meta name="description" {said}') == 1
        assert f'<meta property="og:description" {said}' in done.page("pages/b")
        assert 'property="og:title" content="B &amp; C"' in done.page("pages/b")
    assert "og:image" not in plain.page("pages/b")
    card = 'property="og:image" content="https://example.org/docs/_static/card.png"'
    assert card in published.page("pages/b")
    assert 'property="og:url" content="https://example.org/docs/pages/b.html"' in published.page(
        "pages/b"
    )


def test_an_edited_page_has_its_new_sentence_everywhere(tmp_path: Path) -> None:
    done = built(tmp_path)
    (tmp_path / "docs/pages/b.md").write_text("# B\n\nNew.\n", encoding="utf-8")
    site = Site(tmp_path)
    assert site.build().status == 0
    assert "[B](pages/b.md): New.\n" in (done.html / "llms.txt").read_text(encoding="utf-8")
