"""The template of an entry is a page that passes as it stands."""

from __future__ import annotations

from pathlib import Path

from sites import CONF, Site

TEMPLATE = Path(__file__).parents[1] / "templates" / "entry.md"


def test_the_template_is_a_page_that_passes(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=f'{CONF}\ntorchproof_statements = ["pages/*"]\n')
    text = TEMPLATE.read_text(encoding="utf-8")
    site.write({"docs/pages/family.md": text})
    build = site.build()
    assert build.status == 0, build.output
    html = build.page("pages/family")
    assert 'id="torch.nn.Module.train"' in html
    assert "verdict-passed" in html
    assert "%" not in html.partition("<article")[2].partition("</article")[0]
    assert "to be copied" not in html
