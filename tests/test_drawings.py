"""Drawings are made where a page is written: in its language, by the code of today."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html as lxml_html
from sites import CONF, Build, Site, page
from trees import section

import torchproof
from torchproof.pictures.kinds import Edge, Graph, Node, Part, Trace, Tree
from torchproof.sphinx_ext.drawings import drawing_rst

GRAPH = Graph("loss", (Node("n0", "root", "loss"), Node("n1", "leaf", "w")), (Edge("n0", "n1"),))
TREE = Tree(Part("module", "net", "Net", parts=(Part("buffer", "b", shape=(), dtype="float32"),)))
TRACE = Trace("log", ("Net hook 2",))
SCRIPT = ":orphan:\n\nA script\n========\n\n" + "\n".join(
    [drawing_rst(GRAPH), drawing_rst(TREE), drawing_rst(TRACE)]
)
BLOCK = ":graph: y\n>>> y = torch.ones(1, requires_grad=True) * 2\n>>> y.item()\n2.0"


def script_page(folder: Path, *, language: str) -> Build:
    conf = f"{CONF}\nlanguage = {language!r}\n"
    site = Site(folder, conf=conf)
    site.write({"docs/gallery/area/script.rst": SCRIPT, "docs/pages/a.md": "# Page\n"})
    build = site.build()
    assert build.status == 0, build.output
    return build


def test_drawings_of_a_script_are_in_the_language_of_the_site(tmp_path: Path) -> None:
    text = script_page(tmp_path, language="zh_CN").page("gallery/area/script")
    assert re.search(r"<title[^>]*>loss 的 autograd 计算图</title>", text)
    tree, trace = (lxml_html.fromstring(text).xpath(f"//*[@class='{kind}']")[0] for kind in LISTS)
    assert "缓冲区" in tree.text_content() and "scalar" not in tree.text_content()
    assert "gets" not in trace.text_content() and "hook" in trace.text_content()


LISTS = ("module-tree", "call-trace")


def test_markdown_says_what_the_drawings_of_a_script_show(tmp_path: Path) -> None:
    build = script_page(tmp_path, language="en")
    text = (build.html / "gallery/area/script.md").read_text(encoding="utf-8")
    assert "*Figure: loss leads to w.*" in text
    assert "- net Net\n  - b buffer scalar" in text
    assert "- Net hook gets 2" in text


def test_one_graph_shown_twice_on_a_page_has_two_sets_of_ids(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": page(section("one", BLOCK), section("other", BLOCK))})
    build = site.build()
    assert build.status == 0, build.output
    tree = lxml_html.fromstring(build.page("pages/a"))
    ids = tree.xpath("//*[local-name() = 'svg']/descendant-or-self::*/@id")
    assert len(ids) == len(set(ids)) == 6
    assert {*tree.xpath("//svg/@aria-labelledby"), *tree.xpath("//svg/@aria-describedby")} < {*ids}


def test_drawing_that_cannot_be_read_is_an_error_with_its_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    broken = SCRIPT.replace('"name":"log"', '"nama":"log"')
    site.write({"docs/gallery/area/script.rst": broken})
    build = site.build()
    assert build.status == 1
    line = broken[: broken.index('"nama"')].count("\n") - 1
    assert f"gallery/area/script.rst:{line}: " in build.output
    assert "build the gallery anew [torchproof.picture]" in build.output


def test_other_code_that_draws_gives_other_pages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        Path(torchproof.__file__).parent,
        source / "torchproof",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    site = Site(tmp_path / "site")
    site.write({"docs/pages/a.md": page(section("graph", BLOCK))})
    built = site.root / "docs/_build/html/pages/a.html"

    def build() -> str:
        run = subprocess.run(
            site.command(),
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    build()
    assert "font:12px" in built.read_text(encoding="utf-8")
    svg = source / "torchproof/pictures/svg.py"
    svg.write_text(svg.read_text(encoding="utf-8").replace("font:12px", "font:13px"))
    output = build()
    assert "font:13px" in built.read_text(encoding="utf-8")
    # Nothing is run or read for it.
    assert "running" not in output
    assert not re.search(r"reading sources\.\.\. \[", output)


@pytest.mark.parametrize("builder", ["text", "latex", "gettext"])
def test_other_builders_take_a_page_with_drawings(tmp_path: Path, builder: str) -> None:
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": page(section("graph", BLOCK))})
    build = site.build(builder)
    assert build.status == 0, build.output
    if builder == "text":
        text = (build.html / "pages/a.txt").read_text(encoding="utf-8")
        assert "y (1,) leads to MulBackward0." in text
