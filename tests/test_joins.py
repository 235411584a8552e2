"""Directives and sections meet their examples and subjects by what they are, or say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import html as lxml_html
from sites import Build, Site, page
from trees import NO_TORCH, line_of, section

from torchproof.finding.tree import find_in_tree
from torchproof.records.record import verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome

GRAPH = (
    ":graph: loss\n>>> import torch\n>>> x = torch.ones(1, requires_grad=True)\n"
    ">>> loss = x * {}\n>>> loss.item()\n{}"
)
LINKS = "# Index\n\n```{matrix}\n```\n\n```{toctree}\n:glob:\n\npages/*\n```\n"


def build(root: Path, text: str, **files: str) -> Build:
    site = Site(root)
    site.write({"docs/pages/a.md": text, **files})
    return site.build()


def verdicts(build: Build, anchor: str) -> int:
    (found,) = lxml_html.fromstring(build.page("pages/a")).xpath(f"//section[@id='{anchor}']")
    return len(found.xpath("./p[@class='verdict']"))


def test_included_block_is_an_error_at_its_include(tmp_path: Path) -> None:
    text = page(
        section("a", ">>> 1\n1") + "\n```{include} ../part.txt\n```\n",
        section("b", GRAPH.format("2", "2.0")),
        setup=NO_TORCH,
    )
    done = build(tmp_path, text, **{"docs/part.txt": "Words.\n\n```{doctest}\n>>> 3\n4\n```\n"})
    assert done.status != 0
    line = line_of(text, "{include}")
    assert f"docs/pages/a.md:{line}: WARNING: nobody checked the {{doctest}} block" in done.output
    assert "docs/part.txt:3" in done.output
    assert "move it into docs/pages/a.md" in done.output
    assert "[torchproof.example]" in done.output
    assert done.output.count("WARNING") == 1
    # The graph stands under its own block all the same.
    tree = lxml_html.fromstring(done.page("pages/a"))
    assert len(tree.xpath("//section[@id='b']//*[local-name()='svg']")) == 1


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("plain *emphasis*", "plain-emphasis"),
        ("The [link](../index.md)", "the-link"),
        ("`code` and **more**", "code-and-more"),
    ],
)
def test_heading_with_markup_keeps_verdict_and_anchor(
    tmp_path: Path, heading: str, anchor: str
) -> None:
    site = Site(tmp_path)
    text = page(section(heading, ">>> 1\n1"), setup=NO_TORCH)
    # A section that did not pass is a row of the matrix, with a link.
    text += section("marked", ">>> absent\n1", options=":since: 2.15")
    site.write({"docs/pages/a.md": text, "docs/index.md": LINKS})
    done = site.build()
    assert done.status == 0, done.output
    assert verdicts(done, anchor) == 1
    text = text.replace(f"## {heading}\n", f"## {heading}\n\n```{{subject}}\n:since: 2.15\n```\n")
    site.write({"docs/pages/a.md": text.replace("\n>>> 1\n1", "\n>>> absent\n1")})
    done = site.build()
    assert done.status == 0, done.output
    assert f'href="pages/a.html#{anchor}"' in done.page("index")


def test_block_without_example_is_an_error_with_its_line(tmp_path: Path) -> None:
    text = page(section("a", ">>> 1\n1"), setup=NO_TORCH)
    rest = ":orphan:\n\nB\n=\n\n.. doctest::\n\n   >>> 1\n   2\n"
    done = build(tmp_path, text, **{"docs/b.rst": rest})
    assert done.status != 0
    line = line_of(rest, "doctest")
    assert f"docs/b.rst:{line}: WARNING: nobody checked this {{doctest}} block" in done.output
    assert "[torchproof.example]" in done.output


def test_options_that_two_readers_read_differently_are_an_error(tmp_path: Path) -> None:
    block = ":pane: text\n:alt: a word # and more\n>>> vis.text('word', win='text')\n'text'"
    setup = "```{doctest}\n>>> import visdom\n>>> vis = visdom.Visdom()\n```\n"
    done = build(tmp_path, page(section("a", block), setup=setup))
    assert done.status != 0
    assert "nobody checked this {doctest} block" in done.output


def test_example_that_the_page_does_not_show_is_an_error(tmp_path: Path) -> None:
    hidden = "\n````{raw} html\n```{doctest}\n>>> 5\n5\n```\n````\n"
    text = page(section("a", ">>> 1\n1") + hidden, setup=NO_TORCH)
    done = build(tmp_path, text)
    assert done.status != 0
    line = text.splitlines().index(">>> 5")
    assert f"docs/pages/a.md:{line}: WARNING: this example was checked, but no" in done.output
    assert "[torchproof.example]" in done.output


def test_equal_blocks_are_met_in_order(tmp_path: Path) -> None:
    """The same code twice, once with a picture; and a block that nobody checks between them."""
    same = ">>> y = torch.ones(1, requires_grad=True) * 2\n>>> y.item()\n2.0"
    text = page(
        section("a", same),
        section("b", f":graph: y\n{same}"),
        section("c", f"{same}"),
    ).replace("## b\n", "## b\n\n```{include} ../part.txt\n```\n")
    done = build(tmp_path, text, **{"docs/part.txt": "```{doctest}\n>>> 3\n4\n```\n"})
    tree = lxml_html.fromstring(done.page("pages/a"))
    shown = {
        name: len(tree.xpath(f"//section[@id='{name}']//*[local-name()='svg']")) for name in "abc"
    }
    assert shown == {"a": 0, "b": 1, "c": 0}
    assert done.output.count("WARNING") == 1


def test_blocks_in_lists_and_admonitions_are_met(tmp_path: Path) -> None:
    nested = (
        "\n* an item\n\n  ```{doctest}\n  >>> 5\n  5\n  ```\n"
        "\n:::{note}\n```{doctest}\n>>> print('a\\n\\nb')\na\n<BLANKLINE>\nb\n```\n:::\n"
    )
    done = build(tmp_path, page(section("a", ">>> 1\n1") + nested, setup=NO_TORCH))
    assert done.status == 0, done.output


def test_heading_that_begins_no_section_is_an_error(tmp_path: Path) -> None:
    text = page(
        section("a", ">>> 1\n1"),
        "\n> ## quoted\n>\n> ```{doctest}\n> >>> 2\n> 2\n> ```\n",
        setup=NO_TORCH,
    )
    done = build(tmp_path, text)
    assert done.status != 0
    line = line_of(text, "quoted")
    assert f"docs/pages/a.md:{line}: WARNING: no section of the page begins here" in done.output


def test_example_shown_in_a_section_that_is_not_its_own_is_an_error(tmp_path: Path) -> None:
    """An included heading makes a section that the page itself does not have."""
    text = page(
        section("a", ">>> 1\n1"),
        "\n```{include} ../part.txt\n```\n\n```{doctest}\n>>> 2\n2\n```\n",
        setup=NO_TORCH,
    )
    done = build(tmp_path, text, **{"docs/part.txt": "## between\n\nWords.\n"})
    assert done.status != 0
    assert "shown in the section 'between', but checked in 'a'" in done.output


def test_drawing_that_is_missing_is_an_error(tmp_path: Path) -> None:
    site = Site(tmp_path)
    text = page(section("a", GRAPH.format("2", "2.0")), setup=NO_TORCH)
    site.write({"docs/pages/a.md": text})
    assert site.build().status == 0
    (drawn,) = (site.root / "docs/_build/torchproof/drawings").glob("*.json")
    drawings = json.loads(drawn.read_text(encoding="utf-8"))
    drawn.write_text(json.dumps([{**d, "name": "other"} for d in drawings]), encoding="utf-8")
    site.write({"docs/pages/a.md": f"{text}\nMore words.\n"})
    done = site.build()
    assert done.status != 0
    assert "nothing was drawn for the graph of `loss`" in done.output
    assert "[torchproof.picture]" in done.output


def test_picture_of_an_example_that_does_not_run_here_is_not_missed(tmp_path: Path) -> None:
    marked = ":graph: absent\n:since: 2.15\n:change: new\n>>> absent\n1"
    text = page(section("a", ">>> 1\n1") + section("", marked).removeprefix("\n## \n"))
    done = build(tmp_path, text)
    assert done.status == 0, done.output


def test_picture_of_a_section_that_lacks_a_browser_here_is_not_missed(tmp_path: Path) -> None:
    block = ":graph: y\n>>> y = torch.ones(1, requires_grad=True) * 2\n>>> y.item()\n2.0"
    site = Site(tmp_path)
    site.write({"docs/pages/a.md": page(section("a", block, options=":needs: browser"))})
    (subject,) = find_in_tree(tmp_path).subjects
    seen = {subject.id: verdict_of(subject, Outcome("passed", examples=1, checked=1))}
    write_verdicts(tmp_path / "docs/verified", describe_environment("cpu"), seen)
    done = site.build(env={"TORCHPROOF_CHROMIUM": str(tmp_path / "absent")})
    assert done.status == 0, done.output
