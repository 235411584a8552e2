"""The front page, the reading order and the names, in real builds."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from sites import Build, Site, entry, page

FRONT = """\
# Front

```{{counts}}
```

{{count}}`names`, {{count}}`examples`, {{count}}`scripts`, {{count}}`outputs`,
{{count}}`environments`{more}

```{{learn}}
```

```{{names}} {by}
```

```{{names}} letters
```

```{{toctree}}
:glob:

pages/*
gallery/area/*
```
"""
ZERO = """\
>>> layer = nn.Linear(1, 1)
>>> layer.zero_grad()
>>> layer.weight.grad is None
True"""
NO_GRAD = """\
>>> with torch.no_grad():
...     torch.ones(1, requires_grad=True).mul(2).requires_grad
False"""
SCRIPT = '''"""
Finding {} & more
=================

Is :py:func:`torch.no_grad` it? Yes.
"""
assert True
'''
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one pixel."""
ORDER = """\
[[chapter]]
heading = "First"
about = "What comes first."
scripts = ["gallery/area/b.py"]

[[chapter]]
heading = "Second"
about = "What comes second."
scripts = [
  "gallery/area/a.py",
]
"""


def front(*, by: str = "pages", more: str = "") -> str:
    return FRONT.format(by=by, more=more)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    files = {
        "docs/index.md": front(),
        "docs/learn.toml": ORDER,
        "docs/pages/autograd/modes.md": page(entry("torch.no_grad", NO_GRAD), title="Modes"),
        "docs/pages/nn-module/grads.md": page(
            entry("torch.nn.Module.zero_grad", ZERO, ZERO), title="Grads"
        ),
    }
    for name in "ab":
        files[f"gallery/area/{name}.py"] = SCRIPT.format(name)
        # sphinx-gallery writes such a page; its footer stands in the last section.
        files[f"docs/gallery/area/{name}.rst"] = (
            f"Finding {name} & more\n================\n\nText.\n\nPart\n----\n\n.. only:: html\n\n"
            "  .. container:: sphx-glr-footer sphx-glr-footer-example\n\n    Download\n"
        )
    site.write(files)
    # Neither is enough: sphinx-gallery makes a thumbnail also of a script that did not run.
    for drawn in ("thumb/sphx_glr_a_thumb", "sphx_glr_b_001"):
        _draw(site, drawn)
    index = site.root / "docs/index.md"
    index.write_text(index.read_text(encoding="utf-8").replace("pages/*", "pages/*/*"))
    return site


def _draw(site: Site, name: str) -> None:
    path = site.root / f"docs/gallery/area/images/{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PIXEL)


@pytest.fixture(scope="module")
def built(site: Site) -> Build:
    build = site.build()
    assert build.status == 0, build.output
    return build


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>|¶", " ", html))


def test_the_counts_are_those_of_what_holds(built: Build) -> None:
    shown = text(built.page("index"))
    # Two names, three examples, two scripts; three outputs and two asserts; here.
    assert "2, 3, 2, 5, 1" in shown
    assert re.search(r"names 2 examples 3 outputs compared 5 environment 1", shown)
    assert re.search(r"CPU torch 2\.\d+", shown)


def test_the_reading_order_shows_findings_with_their_questions(built: Build) -> None:
    html = built.page("index")
    shown = text(html)
    first, second = shown.index("What comes first."), shown.index("What comes second.")
    assert first < shown.index("Finding b &amp; more") < second
    assert second < shown.rindex("Finding a &amp; more")
    assert re.search(r"Is torch\.no_grad(\(\))? it\? (?!Yes)", shown)
    assert 'start="2"' in html
    assert re.search(r"it\? 1 minute to read", shown)
    assert "What comes first. 1 minute to read" in shown


@pytest.mark.usefixtures("built")
def test_a_thumbnail_stands_beside_a_script_once_it_has_run(site: Site) -> None:
    assert "step-picture" not in site.build().page("index")
    _draw(site, "sphx_glr_a_001")
    build = site.build()
    assert build.status == 0, build.output
    (picture,) = re.findall(r"<img[^>]*step-picture[^>]*>", build.page("index"))
    assert 'src="_images/sphx_glr_a_thumb.png"' in picture and 'alt=""' in picture
    assert (build.html / "_images/sphx_glr_a_thumb.png").read_bytes() == PIXEL


def test_a_script_ends_with_its_neighbours_and_so_do_the_buttons(built: Build) -> None:
    html = built.page("gallery/area/b")
    shown = text(html)
    assert "1 of 2 in the reading order, chapter 1: First Next: Finding a &amp; more Down" in shown
    assert "Before:" not in shown
    assert '<link rel="next" title="Finding a &amp; more" href="a.html"' in html
    assert 'rel="prev"' not in html
    assert "Before: Finding b &amp; more" in text(built.page("gallery/area/a"))


def test_the_names_stand_by_letter_with_owner_page_and_other_names(built: Build) -> None:
    html = built.page("index")
    shown = text(html)
    assert 'href="#names-n"' in html and 'id="names-n"' in html
    assert 'href="pages/autograd/modes.html#torch.no_grad"' in html
    assert "no_grad class of torch Modes the same as torch.autograd.grad_mode.no_grad, " in shown
    assert shown.index("no_grad class") < shown.index("zero_grad method of torch.nn.Module Grads")


def test_the_names_stand_by_page_in_the_families_of_the_site(built: Build) -> None:
    shown = text(built.page("index"))
    assert "nn.Module 1 name Grads zero_grad Autograd 1 name Modes no_grad" in shown


@pytest.mark.usefixtures("built")
def test_the_next_build_shows_what_has_changed(site: Site) -> None:
    # None of this edits the page that shows it.
    other = ORDER.replace("/b.py", "/x.py").replace("/a.py", "/b.py").replace("/x.py", "/a.py")
    modes = [entry(f"torch.{name}", NO_GRAD) for name in ("no_grad", "inference_mode")]
    site.write({"docs/learn.toml": other, "docs/pages/autograd/modes.md": page(*modes)})
    record = next((site.root / "docs/_build/torchproof/outcomes").glob("*.json"))
    data = json.loads(record.read_text(encoding="utf-8"))
    data["environment"] |= {"torch": "2.15.9"}
    site.write({"docs/verified/torch2.15.9.json": json.dumps(data)})
    build = site.build()
    assert build.status == 0, build.output
    shown = text(build.page("index"))
    assert re.search(r"names 3 examples 4 outputs compared 6 environments 2", shown)
    assert re.search(r"CPU torch 2\.\d+ 2\.15, Python 3\.\d+", shown)
    assert "Page inference_mode no_grad" in shown
    assert shown.index("Finding a &amp; more") < shown.index("Finding b &amp; more")
    assert "Next: Finding b" in text(build.page("gallery/area/a"))
    assert "Before: Finding a" in text(build.page("gallery/area/b"))

    again = site.build()
    assert again.status == 0, again.output
    assert "0 added, 0 changed, 0 removed" in again.output


@pytest.mark.parametrize(
    ("files", "file", "line", "message"),
    [
        (
            {"docs/learn.toml": ORDER.replace("/a.py", "/c.py")},
            "docs/learn.toml",
            10,
            "no script gallery/area/c.py",
        ),
        (
            {"docs/learn.toml": ORDER.replace('  "gallery/area/a.py",\n', "")},
            "gallery/area/a.py",
            1,
            "no place in the reading order",
        ),
        ({"docs/index.md": front(more=" {count}`pages`")}, "docs/index.md", 6, "nothing counts"),
        ({"docs/index.md": front(by="colours")}, "docs/index.md", 12, '"colours" unknown'),
    ],
)
def test_bad_input_is_an_error_with_file_and_line(
    tmp_path: Path, files: dict[str, str], file: str, line: int, message: str
) -> None:
    site = Site(tmp_path)
    scripts = {f"gallery/area/{name}.py": SCRIPT.format(name) for name in "ab"}
    pages = {f"docs/gallery/area/{name}.rst": "Finding\n=======\n" for name in "ab"}
    index = {"docs/index.md": front().replace("pages/*\n", "")}
    modes = {"docs/modes.md": ":orphan:\n\n# Modes\n"}
    site.write({**scripts, **pages, **index, **modes, "docs/learn.toml": ORDER, **files})
    build = site.build()
    assert build.status != 0
    assert re.search(
        rf"{re.escape(file)}:{line}: (WARNING|ERROR): [^\n]*{message}", build.output
    ), build.output
