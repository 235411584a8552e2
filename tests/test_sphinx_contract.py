"""What we take from Sphinx, sphinx-gallery and Furo beyond their documentation."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts import ROOT, Contract, check
from PIL import Image
from sites import Build, Site
from sphinx.ext.doctest import DocTestBuilder
from sphinx.util import logging, parallel
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from torchproof.sphinx_ext.output.page_processes import _COUNTS

CONF = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
extensions = ["myst_parser", "sphinx.ext.doctest", "sphinx_gallery.gen_gallery", "sphinx_probe"]
html_theme = "furo"
html_theme_options = {{
    "source_repository": "https://github.com/o/r/",
    "source_branch": "main",
    "source_directory": "d/",
}}
sphinx_gallery_conf = {{
    "examples_dirs": ["../scripts"],
    "gallery_dirs": ["gallery/some"],
    "filename_pattern": r"\\.py$",
    "image_srcset": ["2x"],
    "show_signature": False,
}}
"""
INDEX = """# Index

```{toctree}
:caption: Reference
a
b
gallery/some/index
```
"""
PAGE = """# A page

```{probe}
```

## A section

```{doctest}
>>> 1
1
```

```{image} wide.png
:alt: wide
```

{ref}`own label`

|     | one |
|-----|-----|
| two | 3   |
"""
SCRIPT = '''"""
A figure
========

A question.
"""

# %%
# A step.

import math

import matplotlib.pyplot as plt

plt.plot([1, math.pi])
print("printed")
'''
SEARCH, OUTPUT = "sphinx_ext/search", "sphinx_ext/output"
DIRECTIVES = "sphinx_ext/directives"
GALLERY = "gallery/some/plot"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, dict[str, Any]]:
    """Build the one site of this file; return what it left and the facts of the probe."""
    root = tmp_path_factory.mktemp("site")
    site = Site(root, conf=CONF)
    site.write({"docs/index.md": INDEX, "docs/a.md": PAGE, "docs/b.md": "# B\n\n```{probe}\n```\n"})
    site.write({"scripts/GALLERY_HEADER.rst": "Some\n====\n", "scripts/plot.py": SCRIPT})
    Image.new("RGB", (120, 40)).save(root / "docs/wide.png")
    build = site.build()
    assert build.status == 0, build.output
    return build, json.loads((build.html / "facts.json").read_text(encoding="utf-8"))


Question = Callable[[Build, dict[str, Any]], object]
TOUCHED: list[tuple[str, str, tuple[str, ...], str, Question]] = []


def touched(package: str, part: str, *files: str, written: str) -> Callable[[Question], Question]:
    """Note a contract; its question gets the build and the facts."""

    def note(question: Question) -> Question:
        TOUCHED.append((package, part, files, written, question))
        return question

    return note


sphinx = functools.partial(touched, "Sphinx")
gallery = functools.partial(touched, "sphinx-gallery")
furo = functools.partial(touched, "furo")


@sphinx("env.temp_data", "sphinx_ext/page_examples.py", written="env.temp_data")
def temp_data(_: Build, facts: dict[str, Any]) -> bool:
    # Each page has its own.
    return sorted(facts["counted"]) == [["a", 0], ["b", 0]]


@sphinx("document.ids", f"{DIRECTIVES}/fact_anchors.py", written="self.document.ids")
def ids(_: Build, facts: dict[str, Any]) -> object:
    return facts["ids"]


@sphinx("note_explicit_target", f"{DIRECTIVES}/entry.py", written="note_explicit_target")
def target(build: Build, _: dict[str, Any]) -> bool:
    return 'id="target"' in build.page("a")


@sphinx("labels of the standard domain", "sphinx_ext/domain.py", written="standard_domain.labels")
def labels(build: Build, _: dict[str, Any]) -> bool:
    return (
        re.search(r'href="(b\.html|a\.html)?#target"><span[^>]*>Own<', build.page("a")) is not None
    )


@sphinx("builder.search", f"{SEARCH}/index.py", written="app.builder.search")
def search(_: Build, facts: dict[str, Any]) -> bool:
    return facts["search"] is True


@sphinx("builder.images, below _images", f"{OUTPUT}/picture_sizes.py", written="app.builder.images")
def images(build: Build, facts: dict[str, Any]) -> bool:
    name = facts["images"]["wide.png"]
    return f'src="_images/{name}"' in build.page("a") and (build.html / "_images" / name).is_file()


@sphinx("folder of downloads", f"{OUTPUT}/markdown_text.py", written="_downloads/")
def downloads(build: Build, facts: dict[str, Any]) -> bool:
    names = [node["filename"].strip("'") for node in facts["nodes"][GALLERY]["download_reference"]]
    return bool(names) and all((build.html / "_downloads" / name).is_file() for name in names)


@sphinx("env.toctree_includes", f"{OUTPUT}/site_lists.py", written="toctree_includes")
def includes(_: Build, facts: dict[str, Any]) -> bool:
    return bool(facts["toctree_includes"]["index"] == ["a", "b", "gallery/some/index"])


@sphinx("caption and includefiles", f"{OUTPUT}/site_lists.py", written='toctree["includefiles"]')
def toctree(_: Build, facts: dict[str, Any]) -> bool:
    found = facts["toctree"]
    return bool(found["caption"] == "Reference" and found["includefiles"][:2] == ["a", "b"])


@sphinx("visit_literal_block", f"{DIRECTIVES}/code_links.py", written="visit_literal_block")
def literal_block(_: Build, facts: dict[str, Any]) -> bool:
    # A block of code is one piece of the body, with its lines in a <pre>.
    return bool(facts["drawn"]) and all(
        count == 1 and html.count("<pre>") == html.count("</pre>") == 1
        for count, html, _ in facts["drawn"]
    )


@sphinx(
    "testnodetype",
    *(f"{DIRECTIVES}/code_links.py", f"{DIRECTIVES}/fact_anchors.py", "sphinx_ext/messages.py"),
    written='get("testnodetype")',
)
def node_type(_: Build, facts: dict[str, Any]) -> bool:
    return "doctest" in {kind for _, _, kind in facts["drawn"]}


@sphinx(
    "spans of highlighted code", f"{DIRECTIVES}/code_links.py", written="<span[^>]*>[^<]*</span>"
)
def spans(_: Build, facts: dict[str, Any]) -> bool:
    # No span stands in another: a link is put around whole spans.
    texts = [html.partition("<pre>")[2].partition("</pre>")[0] for _, html, _ in facts["drawn"]]
    return all("<" not in re.sub(r"<span[^>]*>[^<]*</span>", "", text) for text in texts)


@sphinx("context of a page", f"{OUTPUT}/page_links.py", written='context["metatags"]')
def context(build: Build, facts: dict[str, Any]) -> bool:
    page = facts["contexts"]["a"]
    return "absent" not in (page["metatags"], page["body"]) and "viewport" in build.page("a")


@sphinx("prev and next", f"{OUTPUT}/script_navigation.py", written='("prev", "next")')
def neighbours(_: Build, facts: dict[str, Any]) -> bool:
    page = facts["contexts"]["a"]
    keys = [set(re.findall(r"'(\w+)': '", page[name])) for name in ("prev", "next")]
    return keys == [{"link", "title"}] * 2


@sphinx("builder of doctests", f"{OUTPUT}/page_processes.py", written="builder.outfile")
def doctest_builder(_: Build, __: dict[str, Any]) -> bool:
    used = set(DocTestBuilder.init.__code__.co_names)
    written = set(DocTestBuilder.test_group.__code__.co_names) | used
    gone = [name for name in (*_COUNTS, "outfile") if name not in written]
    assert not gone, f"no {', '.join(gone)}"
    return callable(DocTestBuilder.write_documents)


@sphinx("collector of warnings", f"{OUTPUT}/page_processes.py", written="convert_serializable")
def collector(_: Build, __: dict[str, Any]) -> bool:
    found = logging.LogCollector()
    with found.collect():
        logging.getLogger(__name__).warning("%s", "said", location=("a", 3))
    logging.convert_serializable(found.logs)
    (record,) = found.logs
    return record.getMessage() == "said" and record.args == ()


@sphinx("parallel_available", f"{OUTPUT}/stock_doctest.py", written="parallel_available")
def parallelism(_: Build, facts: dict[str, Any]) -> bool:
    return isinstance(parallel.parallel_available, bool) and bool(facts["parallel"] == 1)


@gallery("code_links_block", f"{DIRECTIVES}/code_links.py", written='"code_links_block"')
def code_links_block(_: Build, facts: dict[str, Any]) -> bool:
    # Before its version 0.22 it makes none, and the blocks stay what they were.
    blocks = facts["nodes"][GALLERY].get("code_links_block", [])
    release = tuple(map(int, importlib.metadata.version("sphinx-gallery").split(".")[:2]))
    return bool(blocks) == (release >= (0, 22)) and all(
        {"lang", "classes"} <= set(b) for b in blocks
    )


@gallery("imgsgnode", f"{OUTPUT}/markdown_text.py", written='"imgsgnode"')
def imgsgnode(build: Build, facts: dict[str, Any]) -> bool:
    (node,) = facts["nodes"][GALLERY]["imgsgnode"]
    name = node["uri"].strip("'").rpartition("/")[2]
    return "alt" in node and (build.html / "_images" / name).is_file()


@gallery("title of a script", f"{DIRECTIVES}/code_links.py", written="sphx-glr-example-title")
def title(_: Build, facts: dict[str, Any]) -> bool:
    return "sphx-glr-example-title" in facts["nodes"][GALLERY]["section"][0]["classes"]


@gallery("output of a block", f"{SEARCH}/sections.py", written='"sphx-glr-script-out"')
def script_out(_: Build, facts: dict[str, Any]) -> bool:
    nodes = facts["nodes"][GALLERY]
    containers = [n["classes"] for kind in nodes.values() for n in kind if "classes" in n]
    return any("sphx-glr-script-out" in classes for classes in containers)


@gallery("note above a script", f"{OUTPUT}/markdown_text.py", written="sphx-glr-download-link-note")
def note(_: Build, facts: dict[str, Any]) -> bool:
    return any(
        "sphx-glr-download-link-note" in n["classes"] for n in facts["nodes"][GALLERY]["note"]
    )


@gallery("footer of a script", f"{OUTPUT}/script_navigation.py", written='"sphx-glr-footer"')
def footer(build: Build, _: dict[str, Any]) -> bool:
    text = (build.html.parents[1] / f"{GALLERY}.rst").read_text(encoding="utf-8")
    return re.search(r"\.\. only:: html\s+\.\. container:: sphx-glr-footer\b", text) is not None


@gallery(
    "name of a thumbnail, NAME_thumb.png",
    "sphinx_ext/script_pages.py",
    written="/images/thumb/sphx_glr_",
)
def thumbnail(build: Build, _: dict[str, Any]) -> bool:
    docs = build.html.parents[1]
    return (docs / "gallery/some/images/thumb/sphx_glr_plot_thumb.png").is_file()


@gallery("its styles and scripts", f"{OUTPUT}/gallery_styles.py", written='"/sg_gallery"')
def styles(_: Build, facts: dict[str, Any]) -> bool:
    names = {name.rpartition("/")[2] for name in facts["contexts"]["a"]["css_files"]}
    scripts = {name.rpartition("/")[2] for name in facts["contexts"]["a"]["script_files"]}
    ours = {name for name in names | scripts if name.startswith(("sg_", "sg-"))}
    assert ours, "none on a page"
    return all(name.startswith(("sg_gallery", "sg-tags")) for name in ours)


@gallery("blocks of a script", "hosts/gallery_hooks.py", written="split_code_and_text_blocks")
def blocks(build: Build, _: dict[str, Any]) -> bool:
    path = build.html.parents[2] / "scripts/plot.py"
    found = split_code_and_text_blocks(str(path))[1]
    lines = SCRIPT.splitlines()
    code = [(text, line) for kind, text, line in found if kind == "code"]
    return [kind for kind, _, _ in found] == ["text", "text", "code"] and all(
        text.strip().splitlines()[0] in lines[line - 1 :] for text, line in code
    )


@gallery("alt of a figure in its reST", "hosts/gallery_hooks.py", written="(?<=:alt: ).*")
def alt(build: Build, _: dict[str, Any]) -> bool:
    text = (build.html.parents[1] / f"{GALLERY}.rst").read_text(encoding="utf-8")
    return len(re.findall(r"(?<=:alt: ).*", text)) == 1


@furo("theme_source_directory", f"{OUTPUT}/repository.py", written='"theme_source_directory"')
def source_directory(build: Build, facts: dict[str, Any]) -> bool:
    page = facts["contexts"]["a"]
    given = (page["theme_source_directory"], page["page_source_suffix"])
    return given == ("'d/'", "'.md'") and "d/a.md" in build.page("a")


@furo("classes that print.css hides", "docs/_static/print.css", written=".sidebar-drawer")
def hidden(build: Build, _: dict[str, Any]) -> bool:
    css = (ROOT / "docs/_static/print.css").read_text(encoding="utf-8")
    (rule,) = re.findall(r"^  (\.sidebar-drawer, .*?) \{ display: none", css, re.MULTILINE)
    ours = {"page-links", "copybtn", "fact-link", "announcement"}
    names = set(re.findall(r"\.([a-z-]+)", rule)) - ours
    pages = build.page("a") + build.page(GALLERY)
    shown = {name for value in re.findall(r'class="([^"]*)"', pages) for name in value.split()}
    assert names <= shown, f"no {', '.join(sorted(names - shown))}"
    return len(names) > 8


@furo("switches of the navigation", "docs/_static/reach.css", written=".toctree-checkbox")
def switches(build: Build, _: dict[str, Any]) -> bool:
    page = build.page("a")
    return 'class="toctree-checkbox"' in page and 'class="table-wrapper' in page


@furo("place of the search", "docs/_static/search/open.js", written="form.sidebar-search-container")
def search_form(build: Build, _: dict[str, Any]) -> bool:
    return '<form class="sidebar-search-container"' in build.page("a")


@furo("id of the text", "docs/_static/page-links.css", written="#furo-main-content")
def main_content(build: Build, _: dict[str, Any]) -> bool:
    return 'id="furo-main-content"' in build.page("a")


@furo("variables of its styles", "docs/_static/torchproof.css", written="var(--color-")
def variables(build: Build, _: dict[str, Any]) -> bool:
    ours = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs/_static").rglob("*.css"))
    theirs = (build.html / "_static/styles/furo.css").read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--[\w-]+)", ours))
    gone = [name for name in sorted(used) if f"{name}:" not in theirs + ours + build.page("a")]
    # A page sets the lane of a call trace on its element.
    gone = [name for name in gone if name != "--lane"]
    assert not gone, f"no {', '.join(gone)}"
    return len(used) > 10


@pytest.mark.parametrize("row", TOUCHED, ids=lambda row: row[1])
def test_sphinx_and_what_goes_with_it_are_as_our_code_takes_them(
    built: tuple[Build, dict[str, Any]], row: tuple[str, str, tuple[str, ...], str, Question]
) -> None:
    package, part, files, written, question = row
    check(Contract(package, part, files, written, lambda: question(*built)))
