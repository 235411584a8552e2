"""Old addresses of pages and sections lead to the new ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from sites import Site, entry, page

TREE = "# Area\n\n```{toctree}\na\nb\n```\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.write(
        {
            "docs/index.md": TREE,
            "docs/a.md": page(entry("torch.nn.Module.train", ">>> 1 + 1\n2"), title="First"),
            "docs/b.md": page(entry("torch.nn.Module.eval", ">>> 3 + 1\n4"), title="Second"),
        }
    )
    return site


def test_pages_and_sections_that_moved_lead_on(site: Site) -> None:
    site.write({"docs/moved.toml": '"a#eval" = "b#eval"\n"old/page" = "b"\n'})
    built = site.build()
    assert built.status == 0, built.output
    section = '<p class="moved" id="eval">This moved to <a href="b.html#eval">Second</a>.</p>'
    assert section in built.page("a")
    assert 'class="moved"' not in built.page("b")
    gone = built.page("old/page")
    assert '<meta http-equiv="refresh" content="0; url=../b.html">' in gone
    assert 'This moved to <a href="../b.html">Second</a>.' in gone


@pytest.mark.parametrize(
    ("move", "message"),
    [
        ('"a#x" = "b#y"', "b#y is not there: name the page and the anchor that it moved to"),
        ('"a#x" = "c"', "c is not there"),
        ('"a#train" = "b#eval"', "a#train is still there: remove the move, or what moved"),
        ('"a" = "b"', "a is still there"),
        ('"a', "not TOML"),
        ('"c#x" = "b"', "the page c is gone: name the move of the page, without an anchor"),
    ],
)
def test_a_move_that_leads_nowhere_is_named(site: Site, move: str, message: str) -> None:
    site.write({"docs/moved.toml": f"# Moves\n{move}\n"})
    built = site.build()
    assert f"moved.toml:2: WARNING: {message}" in built.output
    assert built.status != 0
