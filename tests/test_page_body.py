"""What is done to the pages of a real build with the theme: faults fixed, pictures sized."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml.html import document_fromstring
from PIL import Image
from sites import Build, Site

from torchproof.sphinx_ext.output.theme_fixes import FIXES

CONF = """
extensions = [
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "torchproof.sphinx_ext.output.theme_fixes",
    "torchproof.sphinx_ext.output.picture_sizes",
    "torchproof.sphinx_ext.output.gallery_styles",
]
html_theme = "furo"
html_static_path = ["_static"]
templates_path = ["_templates"]
sphinx_gallery_conf = {
    "examples_dirs": ["../scripts"],
    "gallery_dirs": ["gallery/some"],
    "filename_pattern": r"\\.py$",
    "show_signature": False,
    "image_srcset": ["2x"],
    "image_scrapers": ("torchproof.hosts.gallery_hooks.scrape_figures",),
}
"""
INDEX = """# Index

```{toctree}
:caption: Reference
page
gallery/some/index
```
"""
PAGE = """# Page

|     | one |
|-----|-----|
| two | 3   |

```{image} wide.png
:alt: natural
```

```{image} wide.png
:alt: half
:width: 60px
```

<p><img src="_static/raw.png" alt="raw"></p>
<p><img src="https://example.org/far.png" alt="far"></p>
"""
SCRIPT = '''"""
A figure
========

A question.
"""

# %%
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1), dpi=100)
plt.plot([1, 2], label='with "quotes"')
plt.show()
'''
TEMPLATES = Path(__file__).parents[1] / "docs/_templates"


def write_site(root: Path) -> Site:
    site = Site(root, conf=CONF)
    site.write({"docs/index.md": INDEX, "docs/page.md": PAGE})
    site.write({"scripts/GALLERY_HEADER.rst": "Some\n====\n", "scripts/plot.py": SCRIPT})
    shutil.copytree(TEMPLATES, root / "docs/_templates")
    (root / "docs/_static").mkdir()
    for name in ("wide.png", "_static/raw.png"):
        Image.new("RGB", (120, 40)).save(root / "docs" / name)
    return site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    build = write_site(tmp_path_factory.mktemp("site")).build()
    assert build.status == 0, build.output
    return build


def pictures(html: str) -> dict[str, str]:
    found = re.findall(r"<img\b[^>]*>", html)
    return {tag.split('alt="')[1].split('"')[0]: tag for tag in found}


def test_a_picture_has_its_size_and_waits_until_it_is_near(built: Build) -> None:
    tag = pictures(built.page("page"))["natural"]
    assert 'width="120" height="40" loading="lazy" decoding="async"' in tag


def test_a_stated_width_scales_the_height(built: Build) -> None:
    tag = pictures(built.page("page"))["half"]
    assert 'width="60" height="20"' in tag
    assert "style=" not in tag


def test_pictures_that_a_page_writes_itself_get_their_size_too(built: Build) -> None:
    assert 'width="120" height="40"' in pictures(built.page("page"))["raw"]


def test_a_picture_elsewhere_stays_as_it_is(built: Build) -> None:
    assert "width" not in pictures(built.page("page"))["far"]


def test_pictures_of_a_script_have_their_size(built: Build) -> None:
    tags = pictures(built.page("gallery/some/plot"))
    assert all('loading="lazy"' in tag and 'height="' in tag for tag in tags.values())
    assert any("srcset" in tag for tag in tags.values())


def test_pictures_of_a_script_say_what_they_show(built: Build) -> None:
    assert 'alt="Line with &quot;quotes&quot; from 1 to 2."' in built.page("gallery/some/plot")


def test_no_fault_is_left_on_any_page(built: Build) -> None:
    pages = sorted(built.html.rglob("*.html"))
    assert len(pages) > 4
    for path in pages:
        assert list(faults(path.read_text(encoding="utf-8"))) == []


def faults(html: str) -> Iterator[str]:
    """Yield what the Nu checker and axe have found on pages, asked of the elements themselves."""
    page = document_fromstring(html)
    for element in page.xpath("//*[@role='heading' and not(@aria-level)]"):
        yield f"heading without a level: {element.text_content()}"
    names = [aside.get("aria-label", "") for aside in page.iter("aside")]
    if len(names) > 1 and (not all(names) or len(set(names)) < len(names)):
        yield f"asides that nothing tells apart: {names}"
    for element in page.xpath("//*[@tooltip]"):
        yield f"<{element.tag}> with an attribute of no language"
    for head in page.iter("th"):
        if not head.text_content().strip():
            yield "header of nothing"


def test_the_asides_are_told_apart(built: Build) -> None:
    html = built.page("page")
    assert '<aside class="sidebar-drawer" aria-label="Site">' in html
    assert 'aria-label="Page">' in html
    assert '<td class="head"></td>' in html


def test_each_mend_is_still_needed(tmp_path: Path) -> None:
    site = write_site(tmp_path)
    site.write({"docs/_templates/page.html": '{% extends "!page.html" %}'})
    html = "".join(path.read_text() for path in sorted(site.build().html.rglob("*.html")))
    assert [fix.reason for fix in FIXES if not fix.fault.search(html)] == []


def test_the_styles_of_the_gallery_are_on_its_own_pages_alone(built: Build) -> None:
    gallery, page = built.page("gallery/some/index"), built.page("page")
    assert "sg_gallery.css" in gallery
    assert "sg_gallery" not in page
    assert "sg-tags" not in page


def test_a_picture_that_is_not_there_fails_the_build(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CONF.replace('"sphinx_gallery.gen_gallery",', ""))
    site.write({"docs/index.md": '# Index\n\n<p><img src="gone.png" alt="gone"></p>\n'})
    shutil.copytree(TEMPLATES, site.root / "docs/_templates")
    (site.root / "docs/_static").mkdir()
    build = site.build()
    assert build.status != 0
    assert "index.md: WARNING: the size of gone.png is unknown: no such file" in build.output
