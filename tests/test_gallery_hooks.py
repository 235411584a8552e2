"""What sphinx-gallery calls before, within and after a script."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from lxml.html import document_fromstring
from sites import CONF, Build, Site
from sphinx.errors import ExtensionError
from test_pane_pictures import png
from test_visdom_panes import PANE, needs_browser
from trees import line_of, write_tree

from torchproof.hosts.gallery_hooks import panes_of, reset, scrape
from torchproof.panes.pictures import PanePictures
from torchproof.panes.versions import versions
from torchproof.visdom.client import default_port
from torchproof.visdom.panes import pane_json

pytestmark = [
    # The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
]

SCRIPT = '''"""
Two words stay two panes
========================

A question.
"""

# %%
# One word.

import visdom

vis = visdom.Visdom()
vis.text("hello", win="hello")

# %%
# Another one.

vis.text("bye", win="hello")
vis.text("aside", win="Note", env="other")
assert vis.win_exists("hello")
'''
FOLDER = PurePosixPath("gallery/some/words")
GALLERY = """
extensions.append("sphinx_gallery.gen_gallery")
sphinx_gallery_conf = {
    "examples_dirs": ["../gallery/some"],
    "gallery_dirs": ["gallery/some"],
    "filename_pattern": r"\\.py$",
    "show_signature": False,
    "image_scrapers": ("torchproof.hosts.gallery_hooks.scrape",),
    "reset_modules": ("matplotlib", "torchproof.hosts.gallery_hooks.reset"),
    "reset_modules_order": "both",
    "download_all_examples": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings that the hooks read, for a tree with one script."""
    write_tree(tmp_path, {"gallery/some/words.py": SCRIPT, "docs/index.md": "# Index\n"})
    conf = {"src_dir": str(tmp_path / "docs"), "examples_dirs": ["../gallery/some"]}
    yield conf
    reset(conf, "words.py", "after")


def block_vars(conf: dict[str, Any], **variables: Any) -> dict[str, Any]:
    docs = Path(conf["src_dir"])
    return {
        "src_file": str(docs.parent / "gallery/some/words.py"),
        "image_path_iterator": (str(docs / f"{n}.png") for n in itertools.count(1)),
        "example_globals": variables,
    }


def client() -> Any:
    import visdom

    return visdom.Visdom(use_incoming_socket=False, raise_exceptions=True)


def test_two_scripts_of_one_name_are_refused(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path, {"gallery/a/same.py": '"""A"""\n', "gallery/b/same.py": '"""B"""\n'}
    )
    conf = {"src_dir": str(root), "examples_dirs": ["gallery/a", "gallery/b"]}
    places = f"{root}/gallery/a and {root}/gallery/b both have a script same.py"
    with pytest.raises(ExtensionError, match=re.escape(places)):
        reset(conf, "same.py", "before")


def test_each_script_has_a_server_of_its_own_until_its_end(conf: dict[str, Any]) -> None:
    reset(conf, "words.py", "before")
    first = default_port()
    client().text("hello", win="hello")
    assert pane_json(first, "hello") is not None
    reset(conf, "words.py", "after")
    with pytest.raises(ConnectionError):
        pane_json(first, "hello")
    reset(conf, "words.py", "before")
    assert pane_json(default_port(), "hello") is None


def test_each_script_finds_torch_as_new(conf: dict[str, Any]) -> None:
    import torch

    reset(conf, "words.py", "before")
    first = torch.rand(3)
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
    finally:
        reset(conf, "words.py", "before")
    assert torch.rand(3).equal(first)
    assert torch.is_grad_enabled()


def test_a_comment_that_asks_for_no_variable_is_an_error(conf: dict[str, Any]) -> None:
    reset(conf, "words.py", "before")
    with pytest.raises(NameError, match="no variable `lost`"):
        scrape(("code", "# torchproof: graph lost\n", 7), block_vars(conf), conf)


def test_a_block_shows_the_panes_that_it_changed(conf: dict[str, Any]) -> None:
    pictures = PanePictures(Path(conf["src_dir"], "panes"))
    for name, word in (("hello", "hello"), ("hello.2", "bye"), ("run@hello", "aside")):
        pictures.write(FOLDER / name, {**PANE, "content": word}, png())
    reset(conf, "words.py", "before")
    given = block_vars(conf)
    client().text("hello", win="hello")
    assert scrape(("code", "", 10), given, conf) == (
        ".. image:: /1.png\n    :alt: Visdom pane hello: hello\n    :width: 4px\n    :class: pane\n"
    )
    assert scrape(("code", "", 12), given, conf) == ""
    client().text("bye", win="hello")
    client().text("aside", win="hello", env="run")
    rst = scrape(("code", "", 14), given, conf)
    assert re.findall(r":alt: (.*)", rst) == [
        "Visdom pane hello: bye",
        "Visdom pane hello: aside",
    ]
    assert Path(conf["src_dir"], "3.png").read_bytes() == png()


def test_the_panes_of_a_script_are_known_by_running_it(conf: dict[str, Any]) -> None:
    docs = Path(conf["src_dir"])
    panes = panes_of(docs.parent / "gallery/some/words.py", docs=docs)
    assert {place: pane["content"] for place, pane in panes.items()} == {
        f"{FOLDER}/hello": "hello",
        f"{FOLDER}/hello.2": "bye",
        f"{FOLDER}/other@note.d8da2c": "aside",
    }


DRAWN = '''"""
A graph, a tree and a trace
===========================

A question.
"""

# %%
# One block draws them all.

import torch

net = torch.nn.Linear(2, 1)
loss = net(torch.ones(2)).sum()
log = ["forward a", "backward b"]
assert loss.requires_grad
# torchproof: graph loss saved
# torchproof: tree net
# torchproof: trace log
'''


def site_with(root: Path, script: str) -> Site:
    """Return a site with one script."""
    site = Site(root, conf=CONF + GALLERY)
    site.write(
        {
            "docs/index.md": "# Index\n\n```{toctree}\ngallery/some/index\n```\n",
            "gallery/some/GALLERY_HEADER.rst": "Scripts\n=======\n\nText.\n",
            "gallery/some/words.py": script,
        }
    )
    return site


def test_the_page_of_a_script_shows_what_its_comments_ask_for(tmp_path: Path) -> None:
    build = site_with(tmp_path, DRAWN).build()
    assert build.status == 0, build.output
    page = document_fromstring(build.page("gallery/some/words"))
    (graph,) = page.find_class("autograd-graph")
    (svg,) = graph.iter("svg")
    words = svg.text_content()
    assert "SumBackward0" in words and "net.weight" in words and "_saved_" in words
    tree, trace = (drawn.text_content() for drawn in page.find_class("drawn-list"))
    assert "Linear" in tree and "1 × 2" in tree
    assert "forward" in trace and "backward" in trace


def test_the_page_of_a_script_that_is_gone_goes_too(tmp_path: Path) -> None:
    site = site_with(tmp_path, DRAWN)
    site.write({"gallery/some/gone.py": DRAWN})
    first = site.build()
    assert first.status == 0, first.output
    pages = tmp_path / "docs/gallery/some"
    assert (pages / "gone.rst").exists()
    (tmp_path / "gallery/some/gone.py").unlink()
    second = site.build()
    assert second.status == 0, second.output
    assert sorted(path.name for path in pages.glob("gone*")) == []
    assert (pages / "words.rst").exists()


@needs_browser
def test_with_a_browser_the_panes_of_a_script_are_drawn(tmp_path: Path) -> None:
    site = site_with(tmp_path, SCRIPT)
    build = site.build()
    assert build.status == 0, build.output
    pictures = PanePictures(tmp_path / "docs/panes")
    places = {FOLDER / name for name in ("hello", "hello.2", "other@note.d8da2c")}
    assert pictures.places() == places
    assert {pictures.unsound(place) for place in places} == {""}
    assert build.page("gallery/some/words").count('alt="Visdom pane ') == 3


def built(site: Site) -> Build:
    return site.build(env={"TORCHPROOF_CHROMIUM": "/nonexistent"})


def test_without_browser_a_script_shows_what_is_committed(tmp_path: Path) -> None:
    site = site_with(tmp_path, SCRIPT)
    build = built(site)
    assert build.status != 0
    line = line_of(SCRIPT, "import visdom") - 1
    assert "no picture of pane `hello`: $TORCHPROOF_CHROMIUM is no program" in build.output
    assert f"it would be docs/panes/{FOLDER}/hello.png" in build.output
    assert re.search(rf"words\.py:{line}: WARNING: no picture", build.output)
    pictures = PanePictures(tmp_path / "docs/panes")
    for name, word in (("hello", "hello"), ("hello.2", "later"), ("other@note.d8da2c", "aside")):
        pictures.write(FOLDER / name, {**PANE, "content": word}, png())
    # sphinx-gallery runs what has changed.
    site.write({"gallery/some/words.py": SCRIPT.replace("A question", "Another question")})
    build = built(site)
    assert build.status == 0, build.output
    said = [line for line in build.output.splitlines() if "pane `" in line]
    assert len(said) == 1
    assert f"is shown by docs/panes/{FOLDER}/hello.2.png" in said[0]
    assert "though content is 'bye' and was 'later'" in said[0]
    html = build.page("gallery/some/words")
    for word in ("hello: hello", "hello: bye", "Note: aside"):
        assert f'alt="Visdom pane {word}"' in html


@needs_browser
def test_an_unchanged_script_runs_where_its_picture_is_of_another_visdom(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF + GALLERY)
    site.write(
        {
            "docs/index.md": "# Index\n\n```{toctree}\ngallery/some/index\n```\n",
            "gallery/some/GALLERY_HEADER.rst": "Scripts\n=======\n\nText.\n",
            "gallery/some/words.py": SCRIPT,
        }
    )
    pictures = PanePictures(tmp_path / "docs/panes")
    for name, word in (("hello", "hello"), ("hello.2", "bye"), ("other@note.d8da2c", "aside")):
        pictures.write(FOLDER / name, {**PANE, "content": word}, png())
    assert built(site).status == 0
    data = pictures.data(FOLDER / "hello.2")
    installed = versions()["Visdom"]
    here = f'"Visdom":"{installed}"'
    drawn_before = data.read_text().replace(here, '"Visdom":"0.1"')
    data.write_text(drawn_before)
    build = built(site)
    assert build.status == 0, build.output
    assert "runs again" not in build.output
    assert data.read_text() == drawn_before, "nothing can draw it"
    build = site.build()
    assert build.status == 0, build.output
    said = "gallery/some/words.py runs again for its pictures: it was drawn with Visdom 0.1"
    assert said in build.output
    assert pictures.unsound(FOLDER / "hello.2") == ""
    assert pictures.png(FOLDER / "hello").read_bytes() == png(), "it was current"


HANDLE = '''"""
A handle
========

What does it show?
"""

# %%
# A value that is the last of its block is shown.

text = "0x7f04eaa28e50 in the source is no output"
{last}

# %%
# The end.

assert text
'''


def test_an_address_in_an_output_is_told_with_file_and_line(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF + GALLERY)
    site.write(
        {
            "docs/index.md": "# Index\n\n```{toctree}\ngallery/some/index\n```\n",
            "gallery/some/GALLERY_HEADER.rst": "Scripts\n=======\n\nText.\n",
            "gallery/some/handle.py": HANDLE.format(last="object()"),
        }
    )
    build = built(site)
    assert build.status != 0
    line = line_of(HANDLE, "text = ") - 1
    said = rf"handle\.py:{line}: WARNING: the output of this block has the address 0x\w+, another"
    assert re.search(said, build.output), build.output
    assert "[torchproof.output]" in build.output
    site.write({"gallery/some/handle.py": HANDLE.format(last="made = object()")})
    build = built(site)
    assert build.status == 0, build.output
