"""Links into the repository: none without one, and the right ones with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sites import CONF, Build, Site, page
from trees import section

FURO = CONF.replace('"basic"', '"furo"')
EDIT = """
torchproof_repository = "{0}"
html_theme_options = {{
    "source_repository": torchproof_repository,
    "source_branch": "main",
    "source_directory": "docs/",
}}
"""
SCRIPT = '"""\nA finding\n=========\n"""\nassert 1 + 1 == 2\n'


def built(root: Path, repository: str) -> Build:
    site = Site(root, conf=FURO + EDIT.format(repository))
    site.write(
        {
            "docs/pages/a.md": page(section("first", ">>> 1\n1")),
            "docs/gallery/area/finding.rst": ":orphan:\n\nA finding\n=========\n\nText.\n",
            "docs/gallery/area/index.rst": ":orphan:\n\nScripts\n=======\n\nText.\n",
            "docs/gallery/area/finding.ipynb": json.dumps({"cells": []}),
            "docs/gallery/area/finding.py": SCRIPT,
            "gallery/area/finding.py": SCRIPT,
        }
    )
    done = site.build()
    assert done.status == 0, done.output
    return done


def test_without_a_repository_nothing_is_shown(tmp_path: Path) -> None:
    done = built(tmp_path, "")
    for name in ("pages/a", "gallery/area/finding"):
        assert "Edit this page" not in done.page(name)
        assert "Colab" not in done.page(name)
    assert not (done.html / "gallery/area/finding.ipynb").exists()


@pytest.mark.parametrize(
    ("host", "edit"), [("github.com", "edit/main"), ("gitlab.com", "-/edit/main")]
)
def test_the_source_of_a_page_and_of_a_script_is_edited(
    tmp_path: Path, host: str, edit: str
) -> None:
    done = built(tmp_path, f"https://{host}/some/where")
    there = f'href="https://{host}/some/where/{edit}'
    assert f'{there}/docs/pages/a.md"' in done.page("pages/a")
    assert f'{there}/gallery/area/finding.py"' in done.page("gallery/area/finding")
    # Of a generated index there is nothing to edit.
    assert "Edit this page" not in done.page("gallery/area/index")
    colab = "https://colab.research.google.com/github/some/where/blob/gh-pages/"
    link = f'href="{colab}gallery/area/finding.ipynb"'
    assert (link in done.page("gallery/area/finding")) is (host == "github.com")
    assert "Colab" not in done.page("pages/a")
    assert (done.html / "gallery/area/finding.ipynb").is_file() is (host == "github.com")
