"""The stock doctest builder on small sites, page after page and in processes of their own."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest
from sites import CONF, Site, page
from trees import section

VISDOM = "```{doctest}\n>>> import visdom\n>>> vis = visdom.Visdom()\n```\n"
PLAIN = "```{doctest}\n>>> import os\n```\n"
# The judge has its own opinion; ours would end the build before it is heard.
STOCK = f'{CONF}\nsuppress_warnings = ["torchproof.example"]\n'


def command() -> list[str]:
    """Return what `tox -e judge` says to Sphinx, without the folders."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(Path(__file__).parents[1] / "tox.ini", encoding="utf-8")
    (line,) = config["testenv:judge"]["commands"].strip().splitlines()
    words = shlex.split(line)
    assert words[0] == "sphinx-build"
    assert words[words.index("-b") + 1] == "doctest"
    return [word for word in words if word in {"-W", "--keep-going", "-q"}] + ["-j", "2"]


@pytest.mark.parametrize("arguments", [[], ["-j", "2"]], ids=["in-one", "in-processes"])
def test_each_page_has_a_new_server(tmp_path: Path, arguments: list[str]) -> None:
    lines = [
        ">>> vis.win_exists('same'), callable(visdom.do_tsne)",
        "(False, True)",
        ">>> vis.text('word', win='same')",
        "'same'",
        ">>> visdom.do_tsne = None",
    ]
    text = page(section("first", "\n".join(lines)), setup=VISDOM)
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": text, "docs/pages/b.md": text})
    build = site.build("doctest", arguments=arguments)
    assert build.status == 0, build.output
    assert re.search(r"^ +10 tests\n +0 failures in tests", build.output, re.MULTILINE)


def test_a_wrong_output_fails_the_judge_with_its_file_and_line(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=STOCK)
    good = page(section("first", ">>> 1 + 1\n2"), setup=PLAIN)
    bad = page(section("first", ">>> 1 + 1\n3"), setup=PLAIN)
    site.write({"docs/pages/a.md": good, "docs/pages/b.md": bad, "docs/pages/c.md": good})
    build = site.build("doctest", arguments=command())
    assert build.status != 0
    assert re.search(r'File "pages/b\.md", line \d+, in default', build.output)
    assert "Expected:\n    3\nGot:\n    2" in build.output
    written = (site.root / "docs/_build/doctest/output.txt").read_text(encoding="utf-8")
    assert written.count("Results of doctest builder run") == 1
    assert written.count("Document: pages/") == 3
    assert re.search(r"^ +6 tests\n +1 failure in tests", written, re.MULTILINE)
    site.write({"docs/pages/b.md": good})
    build = site.build("doctest", arguments=command())
    assert build.status == 0, build.output


def test_a_page_that_ends_its_process_is_named(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=STOCK)
    good = page(section("first", ">>> 1 + 1\n2"), setup=PLAIN)
    dead = page(section("first", ">>> os._exit(0)\n>>> 1\n1"), setup=PLAIN)
    site.write({"docs/pages/a.md": good, "docs/pages/b.md": dead})
    build = site.build("doctest", arguments=["-j", "2"])
    assert build.status != 0
    assert "pages/b.md: WARNING: its process died, with status 0, before it was judged" in (
        build.output
    )
    assert re.search(r"^ +2 tests\n +1 failure in tests", build.output, re.MULTILINE)
