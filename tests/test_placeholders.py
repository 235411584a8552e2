"""What a page shows of the records is drawn when it is written; a new record re-reads no page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sites import CONF, Build, Site, page
from trees import NO_TORCH, section

from torchproof.finding.tree import find_in_tree
from torchproof.records.record import verdict_of, write_verdicts
from torchproof.running.environment import describe_environment
from torchproof.running.outcome import Outcome

HERE = describe_environment("cpu")
INDEX = """# Index

{count}`environments` is the number of environments.

```{counts}
```

```{matrix}
```

```{torch-changes}
```

```{toctree}
:glob:

pages/*
```
"""


def site(root: Path) -> Site:
    made = Site(root)
    made.write(
        {
            "docs/index.md": INDEX,
            "docs/pages/a.md": page(section("alike", ">>> 1\n1"), setup=NO_TORCH),
            "docs/pages/b.md": page(section("other", ">>> 2\n2"), setup=NO_TORCH),
            "docs/pages/c.md": "# Words\n\nNothing is shown of records here.\n",
        }
    )
    return made


def record(made: Site, *titles: str, torch: str = "2.7.1") -> None:
    """Record that sections passed with another torch."""
    verdicts = {
        subject.id: verdict_of(subject, Outcome("passed"))
        for subject in find_in_tree(made.root).subjects
        if subject.title in titles
    }
    write_verdicts(made.root / "docs/verified", replace(HERE, torch=torch), verdicts)


def read(build: Build) -> int:
    """Return how many pages were read."""
    found = re.search(r"(\d+) added, (\d+) changed, (\d+) removed", build.output)
    assert found
    return int(found[1]) + int(found[2])


def written(build: Build) -> set[str]:
    return set(re.findall(r"writing output\.\.\. \[ *\d+%\] (\S+)", build.output))


def outputs(made: Site) -> dict[str, bytes]:
    """Return all that a build wrote for readers."""
    html = made.root / "docs/_build/html"
    return {
        path.relative_to(html).as_posix(): path.read_bytes()
        for path in sorted(html.rglob("*"))
        if path.is_file() and ".doctrees" not in path.parts
    }


def test_a_new_record_reads_no_page_and_writes_those_that_show_it(tmp_path: Path) -> None:
    made = site(tmp_path)
    record(made, "alike", "other")
    first = made.build()
    assert first.status == 0, first.output
    assert read(first) == 4
    again = made.build()
    assert (read(again), written(again)) == (0, set())
    before = outputs(made)
    record(made, "alike", torch="2.8.0")
    record(made, "other", torch="2.8.0")
    build = made.build()
    assert build.status == 0, build.output
    assert read(build) == 0
    assert written(build) == {"index", "pages/a", "pages/b"}
    assert "2.8" in build.page("pages/a")
    assert "2.8" in build.page("pages/b")
    assert "<p>3</p>" in build.page("index")
    assert "3 is the number of environments." in build.page("index")
    # What is kept of the text of pages follows, too.
    assert 'content="3 is the number of environments."' in build.page("index")
    assert "3 is the number of environments." in (build.html / "index.md").read_text("utf-8")
    assert "3 is the number of environments." in (build.html / "llms.txt").read_text("utf-8")
    assert "3 is the number of environments." in (build.html / "search-index.js").read_text("utf-8")
    # A build from nothing writes the same.
    assert before.keys() == outputs(made).keys()
    after = outputs(made)
    fresh = made.build(arguments=["-E", "-a"])
    assert read(fresh) == 4
    assert outputs(made) == after
    again = made.build()
    assert (read(again), written(again)) == (0, set())


def test_only_pages_whose_lines_changed_are_written(tmp_path: Path) -> None:
    made = site(tmp_path)
    record(made, "alike", "other")
    assert made.build().status == 0
    (path,) = (made.root / "docs/verified").glob("*.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    (key,) = [key for key in data["verdicts"] if "a.md" in key]
    data["verdicts"][key] |= {"status": "failed"}
    path.write_text(json.dumps(data), encoding="utf-8")
    build = made.build()
    assert read(build) == 0
    assert written(build) == {"index", "pages/a"}
    assert "✗ torch 2.7" in build.page("pages/a")


def test_another_builder_does_not_take_the_news_of_the_first(tmp_path: Path) -> None:
    """`tox -e judge` reads the pages as the site has read them, from the same folder."""
    made = site(tmp_path)
    doctrees = ["-d", str(tmp_path / "doctrees")]
    assert made.build(arguments=doctrees).status == 0
    record(made, "alike")
    assert made.build("doctest", arguments=doctrees).status == 0
    build = made.build(arguments=doctrees)
    assert read(build) == 0
    assert "2.7" in build.page("pages/a")


def test_pages_that_were_not_written_are_written_next(tmp_path: Path) -> None:
    """A build that is killed between reading and writing has shown nothing."""
    stop = (
        "import os\n\ndef setup(app):\n    app.connect('write-started', stop)\n"
        "\ndef stop(*_):\n    if 'STOP' in os.environ:\n        os._exit(9)\n"
    )
    made = site(tmp_path)
    made.write({"docs/conf.py": CONF + stop})
    assert made.build().status == 0
    record(made, "alike")
    assert made.build(env={"STOP": "1"}).status == 9
    build = made.build()
    assert build.status == 0, build.output
    assert "2.7" in build.page("pages/a")


def test_quotes_in_what_is_drawn_are_those_of_the_page(tmp_path: Path) -> None:
    made = site(tmp_path)
    head = '```{subject}\n:only: cuda\n:because: it\'s a "GPU"\n```\n\n'
    text = page(section("gpu", ">>> 1\n1").replace("## gpu\n\n", f"## gpu\n\n{head}"))
    made.write({"docs/pages/a.md": text})
    build = made.build()
    assert "CPU skipped (only on CUDA: it’s a “GPU”)" in build.page("pages/a").replace(
        "only on cuda", "only on CUDA"
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_text_of_what_is_drawn_is_found(tmp_path: Path, jobs: str) -> None:
    made = site(tmp_path)
    # Sphinx reads in parallel from six pages on.
    made.write({f"docs/pages/{name}.md": f"# {name}\n\n{{count}}`scripts`.\n" for name in "defgh"})
    build = made.build(arguments=["-j", jobs])
    assert build.status == 0, build.output
    index = (build.html / "search-index.js").read_text("utf-8")
    assert "1 is the number of environments." in index
    assert "outputs compared" in index
    assert 'content="0."' in build.page("pages/d")
