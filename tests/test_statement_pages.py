"""The site warns of statements that no block proves, and shows what was not run."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sites import CONF, SETUP, Site, page

CHECKED = f'{CONF}\ntorchproof_statements = ["pages/*"]\n'
PROVEN = "\n## sum\n\nOne and one make two.\n\n```{doctest}\n>>> 1 + 1\n2\n```\n"
BARE = "\n:::{reported} https://pytorch.org/a\nStreams wait.\n:::\n"
REPORTED = "\n:::{reported} the [notes](https://pytorch.org) on CUDA\nStreams differ.\n:::\n"
EXPLAINED = "\n:::{explained}\nA sum is a number.\n:::\n"


def test_a_page_shows_how_its_statements_stand(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CHECKED)
    front = "# Front\n\n{count}`proven` proven, {count}`reported` reported.\n\n"
    front += "```{toctree}\npages/a\n```\n"
    text = page(PROVEN, REPORTED, BARE, EXPLAINED, setup=SETUP)
    site.write({"docs/pages/a.md": text, "docs/index.md": front})
    done = site.build()
    assert done.status == 0, done.output
    shown = done.page("pages/a")
    assert "Reported, not run here" in shown
    assert re.search(r'reported-source">Source: the <a [^>]*>notes</a> on CUDA</p>', shown)
    assert 'href="https://pytorch.org/a">https://pytorch.org/a</a>' in shown
    line = "Statements on this page: 1 proven by the block after them, 0 linked to their proof, "
    assert f"{line}2 reported, 1 explained." in shown
    assert "<p>1 proven, 2 reported.</p>" in done.page("index")
    data = json.loads((done.html / "examples.json").read_text(encoding="utf-8"))
    assert data["statements"] == {
        "pages/a": {"proven": 1, "linked": 0, "reported": 2, "explained": 1}
    }


def test_a_statement_without_proof_fails_the_build_with_its_line(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CHECKED)
    text = page(f"{PROVEN}\nTwo and two make four.\n", setup=SETUP)
    site.write({"docs/pages/a.md": text})
    done = site.build()
    line = text.split("\n").index("Two and two make four.") + 1
    assert done.status == 1
    assert re.search(
        rf"pages/a\.md:{line}: WARNING: no block proves “Two and two make four\.”: "
        r".*\[torchproof\.statement\]",
        done.output,
    )


def test_a_reported_statement_without_source_fails_the_build(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF)
    site.write({"docs/pages/a.md": page(PROVEN, "\n:::{reported}\nStreams.\n:::\n", setup=SETUP)})
    done = site.build()
    assert done.status == 1
    assert "reported" in done.output
    assert "1 argument(s) required" in done.output
