"""Links from names in code to entries, in real builds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import Site, entry, page

from torchproof.api.code.uses import Use
from torchproof.sphinx_ext.directives.code_links import add_links

ZERO_GRAD = """\
>>> layer = nn.Linear(1, 1)
>>> for _ in range(1):
...     layer.zero_grad()
>>> layer.train() is layer, "layer.train()"
(True, 'layer.train()')"""
TRAIN = ">>> layer = nn.Linear(1, 1)\n>>> layer.zero_grad(); layer.train() is layer\nTrue"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.write(
        {
            "docs/pages/a.md": page(entry("torch.nn.Module.zero_grad", ZERO_GRAD)),
            "docs/pages/b.md": page(entry("torch.nn.Module.train", TRAIN)),
            "docs/gallery/area/script.rst": ":orphan:\n\nA finding\n=========\n\n"
            ".. code-block:: Python\n\n   from torch import nn\n   layer = nn.Linear(1, 1)\n\n"
            "Then.\n\n.. code-block:: Python\n\n   layer.train()\n",
        }
    )
    done = site.build()
    assert done.status == 0, done.output
    return site


def links(site: Site, name: str) -> list[tuple[str, str]]:
    text = (site.root / f"docs/_build/html/{name}.html").read_text(encoding="utf-8")
    found = re.findall(r'<a class="code-link" href="([^"]*)" title="[^"]*">(.*?)</a>', text)
    return [(href, re.sub("<[^>]*>", "", inner)) for href, inner in found]


def test_names_lead_to_other_entries_and_never_to_their_own(built: Site) -> None:
    assert links(built, "pages/a") == [("b.html#torch.nn.Module.train", "train")]
    assert links(built, "pages/b") == [("a.html#torch.nn.Module.zero_grad", "zero_grad")]


def test_a_script_is_read_as_a_whole(built: Site) -> None:
    target = "../../pages/b.html#torch.nn.Module.train"
    assert links(built, "gallery/area/script") == [(target, "train")]


def test_the_text_of_the_code_stays_as_it_is(built: Site) -> None:
    text = (built.root / "docs/_build/html/pages/a.html").read_text(encoding="utf-8")
    code = re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)[-1]
    assert (
        re.sub("<[^>]*>", "", code)
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&quot;", '"')
        == f"{ZERO_GRAD}\n"
    )


def test_pages_follow_an_entry_that_moves(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(
        {
            "docs/pages/a.md": page(entry("torch.nn.Module.zero_grad", ZERO_GRAD)),
            "docs/pages/b.md": page(entry("torch.nn.Module.train", TRAIN)),
        }
    )
    assert site.build().status == 0
    (tmp_path / "docs/pages/b.md").rename(tmp_path / "docs/pages/c.md")
    assert site.build().status == 0
    assert links(site, "pages/a") == [("c.html#torch.nn.Module.train", "train")]


def test_a_link_that_would_cut_a_token_is_left_out() -> None:
    html = '<span class="n">layer</span><span class="o">.</span><span class="n">to</span>'
    whole, half = Use(1, 6, 8, "a.to"), Use(1, 0, 3, "a.lay")
    assert add_links(html, [(whole, "#to")]).endswith(
        '<a class="code-link" href="#to" title="a.to"><span class="n">to</span></a>'
    )
    assert add_links(html, [(half, "#lay")]) == html
