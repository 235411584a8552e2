"""The committed pictures are current: a pane has one, and is drawn like it."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from torchproof.examples import find_in_page
from torchproof.visdom_browser import NAMES, draw_panes
from torchproof.visdom_panes import PaneCache
from torchproof.worker import Worker

ROOT = Path(__file__).parents[1]
PANES = PaneCache(ROOT / "docs" / "panes")


@pytest.mark.skipif(
    not any(map(shutil.which, NAMES)), reason="no Chromium (apt-get install chromium)"
)
def test_a_pane_is_drawn_like_its_committed_picture() -> None:
    page = ROOT / "docs" / "visdom" / "line.md"
    subjects = [s for s in find_in_page(page, root=ROOT).subjects if s.id.endswith("::line")]
    with Worker(root=ROOT, subjects=subjects) as worker:
        drawings = worker.run(subjects[0], "cpu").drawings
    panes = [json.loads(drawing.content) for drawing in drawings]
    assert [PANES.path(pane) for pane in panes if not PANES.path(pane).is_file()] == []
    committed = Image.open(PANES.path(panes[0])).convert("RGB")
    drawn = Image.open(io.BytesIO(draw_panes(panes[:1])[0])).convert("RGB")
    assert drawn.size == committed.size
    # Fonts differ from machine to machine; other panes of the page differ by 1.08 and more.
    assert max(ImageStat.Stat(ImageChops.difference(drawn, committed)).mean) < 0.8
