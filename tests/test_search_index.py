"""The index of the search, in real builds; and the library that reads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sites import Site, entry, page

ROOT = Path(__file__).parents[1]
TO = """\
>>> layer = nn.Linear(1, 1)
>>> layer.to(torch.float64) is layer
True"""
FAILS = """\
>>> nn.Linear(1, 1).to(torch.int64)
Traceback (most recent call last):
    ...
TypeError: nn.Module.to only accepts floating point or complex dtypes, but got desired \
dtype=torch.int64"""
PRINTS = """\
>>> print("Setting up a new session")
Setting up a new session"""
SCRIPT = '''"""
A finding
=========

See :py:meth:`torch.nn.Module.to`.
"""
import torch
assert torch.ones(1).sum() == 1
'''


QUESTIONS = """\
# What is asked.
["pages/a#to"]
questions = ["move a model", "cast to double"]
messages = ["RuntimeError: expected scalar type Double but found Float"]

["pages/a"]
questions = ["what is converting"]
"""
SETTINGS = """\
aside = ["pages/errors"]
synonyms = [["move", "send"]]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.write(
        {
            "docs/pages/index.md": "# Area\n\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n",
            "docs/pages/a.md": page(
                entry("torch.nn.Module.to torch.nn.Module.cpu", TO, heading="to"),
                f"\n### refusals\n\nNo integers.\n\n```{{doctest}}\n{FAILS}\n```\n",
                title="Converting",
            ),
            "docs/pages/errors.md": page(
                f"\n## the log\n\nWhat it says.\n\n```{{doctest}}\n{PRINTS}\n```\n",
                title="Errors",
            ),
            "docs/gallery/area/finding.rst": ":orphan:\n\nA finding\n=========\n\n"
            "Seen.\n\n.. code-block:: python\n\n   torch.ones(1)\n",
            "gallery/area/finding.py": SCRIPT,
            "docs/questions.toml": QUESTIONS,
            "docs/search.toml": SETTINGS,
        }
    )
    build = site.build()
    assert build.status == 0, build.output
    return site


def script(site: Site) -> str:
    return (site.root / "docs/_build/html/search-index.js").read_text(encoding="utf-8")


def sections(site: Site) -> dict[str, dict[str, Any]]:
    """Return the sections of the index by the address that they lead to, with their pages."""
    text = script(site).removeprefix("var torchproofSearchIndex = ").removesuffix(";\n")
    data = json.loads(text)
    found = {}
    for section in data["sections"]:
        where = data["pages"][section["page"]]
        found[f"{where['url']}#{section.get('anchor', '')}"] = {**section, "page": where}
    return found


def test_each_heading_has_a_section_with_its_own_text(built: Site) -> None:
    found = sections(built)
    to, refusals = found["pages/a.html#to"], found["pages/a.html#refusals"]
    assert to["kind"] == "entry"
    assert to["names"] == ["torch.nn.Module.to", "torch.nn.Module.cpu"]
    assert to["text"] == "What it does."
    assert {"kwargs", "Linear", "float64"} <= set(to["code"].split())
    assert "messages" not in to
    assert (refusals["kind"], refusals["text"]) == ("section", "No integers.")
    assert refusals["messages"] == [FAILS.splitlines()[-1]]
    assert found["pages/a.html#"]["kind"] == "page"
    assert to["page"]["title"] == "Converting"
    assert to["page"]["area"] == "Area"


def test_a_verdict_and_links_are_not_searched(built: Site) -> None:
    text = script(built)
    assert "checked:" not in text
    assert "Upstream" not in text
    assert "Scripts that use it" not in text


def test_every_anchor_stands_on_its_page(built: Site) -> None:
    for address in sections(built):
        url, _, anchor = address.partition("#")
        assert (
            not anchor
            or f'id="{anchor}"' in built.root.joinpath("docs/_build/html", url).read_text()
        )


def test_on_a_page_of_errors_what_is_logged_is_a_message(built: Site) -> None:
    log = sections(built)["pages/errors.html#the-log"]
    assert log["messages"] == ["Setting up a new session"]
    assert log["page"]["errors"] is True


def test_a_script_is_known_as_one(built: Site) -> None:
    finding = sections(built)["gallery/area/finding.html#"]
    assert finding["kind"] == "script"
    assert finding["page"]["script"] is True


def test_the_page_of_the_search_stays_and_the_stock_index_goes(built: Site) -> None:
    html = built.root / "docs/_build/html"
    assert '<div id="search-page">' in (html / "search.html").read_text(encoding="utf-8")
    assert not (html / "searchindex.js").exists()


def test_an_edit_changes_its_page_only_and_a_deleted_page_goes(built: Site) -> None:
    before = script(built)
    path = built.root / "docs/pages/a.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("No integers.", "Integers are refused."), encoding="utf-8")
    assert built.build().status == 0
    assert script(built) == before.replace("No integers.", "Integers are refused.")
    # What is asked of a page goes with it; its address would lead nowhere.
    asked = built.root / "docs/questions.toml"
    asked.unlink()
    path.unlink()
    assert built.build().status == 0
    assert not any(address.startswith("pages/a.html") for address in sections(built))
    path.write_text(text, encoding="utf-8")
    asked.write_text(QUESTIONS, encoding="utf-8")
    assert built.build().status == 0
    assert script(built) == before


def test_a_section_has_the_questions_that_it_answers(built: Site) -> None:
    found = sections(built)
    assert found["pages/a.html#to"]["questions"] == ["move a model", "cast to double"]
    assert found["pages/a.html#to"]["pasted"] == [
        "RuntimeError: expected scalar type Double but found Float"
    ]
    assert found["pages/a.html#"]["questions"] == ["what is converting"]
    assert "questions" not in found["pages/a.html#refusals"]


def test_pages_aside_and_synonyms_are_data(built: Site) -> None:
    found = sections(built)
    assert found["pages/errors.html#"]["page"]["aside"] is True
    assert found["pages/index.html#"]["page"]["aside"] is True
    assert found["pages/a.html#"]["page"]["aside"] is False
    assert '"synonyms":[["move","send"]]' in script(built)


def test_the_stemmer_of_sphinx_lies_beside_the_index(built: Site) -> None:
    stemmer = built.root / "docs/_build/html/search-stemmer.js"
    assert "EnglishStemmer" in stemmer.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        (
            "questions",
            QUESTIONS.replace("pages/a#to", "pages/a#too"),
            2,
            "there is no section pages/a#too",
        ),
        ("questions", QUESTIONS.replace('["pages/a"]', '["pages/b"]'), 6, "no section pages/b"),
        (
            "questions",
            QUESTIONS.replace("what is converting", "move a model"),
            6,
            "'move a model' is asked of pages/a#to too",
        ),
        ("questions", QUESTIONS.replace("messages", "message"), 2, "an unknown key: message"),
        ("questions", 'a = ["b"]\n', 1, "'a' is no table"),
        ("questions", "[", 1, "not TOML"),
        ("search", SETTINGS.replace("pages/errors", "errors"), 1, "there is no page errors"),
        ("search", SETTINGS.replace('[["move", "send"]]', '["move"]'), 2, "list of lists of words"),
    ],
)
def test_a_mistake_in_the_data_is_a_warning_with_its_line(
    built: Site, name: str, text: str, line: int, message: str
) -> None:
    path = built.root / f"docs/{name}.toml"
    right = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    build = built.build()
    path.write_text(right, encoding="utf-8")
    assert build.status == 1
    assert f"docs/{name}.toml:{line}: " in build.output
    assert message in build.output
    assert "[torchproof.question]" in build.output


def test_parallel_readers_gather_the_same(built: Site) -> None:
    # Sphinx reads in parallel from five pages on.
    built.write({f"docs/pages/more{n}.md": f"# More {n}\n\nText {n}.\n" for n in range(5)})
    assert built.build().status == 0
    alone = script(built)
    assert built.build(arguments=["-j2", "-E"]).status == 0
    assert script(built) == alone


def test_the_vendored_library_is_the_one_that_was_noted() -> None:
    noted = (ROOT / "docs/_vendor/SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert noted
    for line in noted:
        digest, name = line.split()
        assert (
            hashlib.sha256((ROOT / "docs/_static/vendor" / name).read_bytes()).hexdigest() == digest
        )
    lock = json.loads((ROOT / "docs/_vendor/package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"]["node_modules/minisearch"]
    assert package["integrity"].startswith("sha512-")
    assert "resolved" not in package
    header = (ROOT / "docs/_static/vendor/minisearch.js").read_text(encoding="utf-8")[:300]
    assert f"MiniSearch {package['version']}," in header
