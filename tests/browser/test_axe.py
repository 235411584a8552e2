"""axe-core on a page of each kind, light and wide or dark and narrow by turns."""

from __future__ import annotations

from typing import Literal

import pytest
from browser.conftest import Open

from quality.axe import violations

# Short pages, as axe takes seconds for a long one; tox -e quality has the long ones.
PAGES = (
    "index.html",
    "compatibility.html",
    "then-and-now.html",
    "names.html",
    "nn-module/apply.html",
    "autograd/recording.html",
    "visdom/options.html",
    "gallery/visdom/index.html",
    "gallery/visdom/live_loss_curve.html",
    "search.html",
)


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    # Pages share their styles; tox -e quality reads its sample both ways.
    [(name, *((("dark", 390), ("light", 1280))[turn % 2])) for turn, name in enumerate(PAGES)],
)
def test_axe_finds_no_violation(
    name: str, scheme: Literal["light", "dark"], width: int, open_context: Open
) -> None:
    viewport = {"width": width, "height": 900}
    page = open_context(color_scheme=scheme, viewport=viewport).new_page()
    page.goto(name)
    assert violations(page) == []
