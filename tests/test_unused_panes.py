"""Pictures that nothing shows: found, named and removed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from sites import page
from test_pane_pictures import png
from test_visdom_panes import PANE
from trees import section, write_tree

from torchproof.panes.pictures import PanePictures
from torchproof.panes.unused import main, unused

SHOWN = ["visdom/a/words/hello", "gallery/visdom/some/hello", "gallery/visdom/some/run@hello"]
LEFT = [
    "gallery/visdom/gone/hello",
    "gallery/visdom/some/hello.2",
    "visdom/a/words/bye",
    "visdom/gone/words/hello",
]
SCRIPT = '''"""
A finding
=========
"""

# %%
import visdom

vis = visdom.Visdom()
vis.text("hello", win="hello")

# %%
vis.text("hello", win="hello", env="run")
{more}
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with a page and a script, and with pictures that they do not show."""
    block = ":pane: hello\n:alt: a word\n>>> 1\n1"
    write_tree(
        tmp_path,
        {
            "docs/visdom/a.md": page(section("words", block)),
            "gallery/visdom/some.py": SCRIPT.format(more="assert vis"),
            "gallery/visdom/other.py": '"""No panes here."""\nassert True\n',
        },
    )
    pictures = PanePictures(tmp_path / "docs/panes")
    for place in (*SHOWN, *LEFT):
        pictures.write(PurePosixPath(place), PANE, png())
    pictures.png(PurePosixPath(LEFT[0])).unlink()
    return tmp_path


def test_what_is_gone_from_pages_is_known_without_running_anything(root: Path) -> None:
    without_running = [name for name in LEFT if "some" not in name]
    assert [str(place) for place in unused(root)] == without_running


def test_the_command_names_what_nothing_shows_and_removes_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(root)]) == 1
    said = [f"docs/panes/{place}.png: unused" for place in LEFT]
    assert capsys.readouterr().out.splitlines() == [
        *said,
        "remove them with: tox -e panes -- --prune",
    ]
    assert main(["--root", str(root), "--prune"]) == 0
    pictures = PanePictures(root / "docs/panes")
    assert sorted(map(str, pictures.places())) == sorted(SHOWN)
    folders = sorted(path.name for path in pictures.folder.rglob("*") if path.is_dir())
    assert folders == ["a", "gallery", "some", "visdom", "visdom", "words"]


def test_nothing_is_removed_while_a_script_fails(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(root, {"gallery/visdom/some.py": SCRIPT.format(more="assert not vis")})
    assert main(["--root", str(root), "--prune"]) == 2
    assert "a script does not run to its end" in capsys.readouterr().err
    assert len(PanePictures(root / "docs/panes").places()) == len(SHOWN) + len(LEFT)
