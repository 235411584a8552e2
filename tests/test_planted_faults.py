"""Planted faults on the site: the line of an entry, the survivors, the totals."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sites import CONF, Build, Site, entry, page
from trees import NO_TORCH

from torchproof.mutants.results import Area, Result, write_area

NAME = "torch.nn.Module.to"
INDEX = """# Index

```{fault-totals}
```

```{toctree}
:glob:

pages/*
```
"""
CAUGHT = Result(f"{NAME}:negate:1", NAME, "negate", "caught", "d", by="docs/pages/a.md::to")
SURVIVOR = replace(
    CAUGHT,
    id=f"{NAME}:constant:2",
    kind="constant",
    status="survived",
    by="",
    place="torch/nn/modules/module.py:7",
    before="x = '<1>'",
    after="x = '<2>'",
)


def site(root: Path) -> Site:
    made = Site(root, conf=CONF)
    made.write(
        {
            "docs/index.md": INDEX,
            "docs/pages/a.md": page(entry(NAME, ">>> 1\n1"), setup=NO_TORCH),
            "docs/pages/survivors.md": "# Survivors\n\n```{survivors}\n```\n",
            "docs/pages/words.md": "# Words\n\nNothing is shown of faults here.\n",
        }
    )
    return made


def write(made: Site, *results: Result) -> None:
    area = Area("nn-module", {}, {NAME: 3}, {result.id: result for result in results})
    write_area(made.root / "docs/mutants", area)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("&lt;", "<")


def pages(build: Build, what: str) -> set[str]:
    return set(re.findall(rf"{what}\.\.\. \[ *\d+%\] (\S+)", build.output))


def test_entries_show_their_faults_and_new_results_read_no_page(tmp_path: Path) -> None:
    made = site(tmp_path)
    first = made.build()
    assert first.status == 0, first.output
    assert "No faults have been planted yet." in first.page("index")
    assert "No faults have been planted yet." in first.page("pages/survivors")
    assert "planted faults" not in first.page("pages/a")

    write(made, CAUGHT, SURVIVOR)
    build = made.build()
    assert build.status == 0, build.output
    assert pages(build, "reading sources") == set()
    assert pages(build, "writing output") == {"index", "pages/a", "pages/survivors"}
    line = "1 of 2 planted faults caught · 1 that no example notices · 1 not tried yet"
    assert line in text(build.page("pages/a"))
    (link,) = re.findall(r'href="survivors.html#([^"]+)"', build.page("pages/a"))
    # The name as it is, or `grad` and `_grad` would share an anchor.
    assert link == f"survivors-{NAME}"
    survivors = build.page("pages/survivors")
    assert f'id="{link}"' in survivors
    assert "@@ torch/nn/modules/module.py:7 constant @@ -x = '<1>' +x = '<2>'" in text(
        survivors
    ).replace("&#39;", "'").replace("&gt;", ">")
    assert f'href="a.html#{NAME}"' in survivors
    assert "nn.Module 1 (50.0 %) 2 1 0 1" in text(build.page("index"))

    same = '[[equivalent]]\nreason = "dead code"\nfaults = ["torch.nn.Module.to:constant:2"]\n'
    made.write({"docs/mutants/equivalent.toml": same})
    build = made.build()
    assert build.status == 0, build.output
    assert "1 of 1 planted faults caught · 1 not tried yet" in text(build.page("pages/a"))
    assert "module.py:7" not in build.page("pages/survivors")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("visdom.json", '{"schema": 1,\n', "visdom.json:2: WARNING: not a complete file"),
        (
            "equivalent.toml",
            '\n[[equivalent]]\nreason = "r"\nfaults = ["torch.nn.Module.to:negate:1"]\n',
            "equivalent.toml:2: WARNING: torch.nn.Module.to:negate:1 was caught",
        ),
    ],
)
def test_a_wrong_file_is_a_warning_with_its_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    made = site(tmp_path)
    write(made, CAUGHT)
    made.write({f"docs/mutants/{name}": content})
    build = made.build()
    assert build.status == 1
    assert message in build.output
    assert "[torchproof.fault]" in build.output
    assert json.loads((made.root / "docs/mutants/nn-module.json").read_text())["schema"] == 1
