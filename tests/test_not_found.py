"""404.html, in real builds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import CONF, Site


@pytest.mark.parametrize(
    ("conf", "root"),
    [("", "/"), ('html_baseurl = "https://example.org/docs/"', "/docs/")],
)
def test_links_start_at_the_root(tmp_path: Path, conf: str, root: str) -> None:
    site = Site(tmp_path, conf=f"{CONF}\n{conf}\nhtml_theme = 'furo'\n")
    site.write({"docs/pages/a.md": "# A\n\nText.\n"})
    done = site.build()
    assert done.status == 0, done.output
    text = done.page("404")
    assert f'<form action="{root}search.html"' in text
    assert f'href="{root}pages/a.html"' in text
    links = re.findall(r'(?:href|src|action)="([^"#][^"]*)"', text)
    ours = [link for link in links if not link.startswith("https://")]
    assert f"{root}index.html" in ours
    # The canonical link of a page that is nowhere says nothing, and is the only full address.
    assert [link for link in ours if not link.startswith(root)] == []
    assert "404" not in (done.html / "llms.txt").read_text(encoding="utf-8")
