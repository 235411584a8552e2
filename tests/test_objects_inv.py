"""Our objects.inv beside that of torch in somebody else's site."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from sites import Site, entry, page

OTHER = """
project = "Another"
extensions = ["myst_parser", "sphinx.ext.intersphinx"]
html_theme = "basic"
nitpicky = True
intersphinx_mapping = {{
    "{ours}": ("https://ours.example/", "{inventory}"),
    "torch": ("https://upstream.example/", "torch.inv"),
}}
"""
PAGE = """\
# Both

{py:meth}`torch.nn.Module.train` and {any}`torch.nn.Module.train` are upstream's,
{external+OURS:ref}`torch.nn.Module.train` and
<inv:OURS:proof:entry#torch.nn.Module.train> are ours.
"""


def torch_inventory() -> bytes:
    """Return an inventory as that of torch is, with one method."""
    line = "torch.nn.Module.train py:method 1 generated/torch.nn.Module.html#$ -\n"
    head = b"# Sphinx inventory version 2\n# Project: PyTorch\n# Version: 2.13\n# zlib.\n"
    return head + zlib.compress(line.encode())


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(tmp_path_factory.mktemp("ours"))
    train = ">>> nn.Linear(1, 1).train().training\nTrue"
    site.write({"docs/pages/a.md": page(entry("torch.nn.Module.train", train))})
    done = site.build()
    assert done.status == 0, done.output
    return done.html / "objects.inv"


# intersphinx goes through the keys in order, so that ours comes first in one of these.
@pytest.mark.parametrize("key", ["aaa", "zzz"])
def test_the_links_of_upstream_stay_its_own(tmp_path: Path, inventory: Path, key: str) -> None:
    site = Site(tmp_path, conf=OTHER.format(ours=key, inventory=inventory))
    site.write({"docs/index.md": PAGE.replace("OURS", key)})
    (tmp_path / "docs/torch.inv").write_bytes(torch_inventory())
    done = site.build()
    assert done.status == 0, done.output
    text = done.page("index")
    upstream = "https://upstream.example/generated/torch.nn.Module.html#torch.nn.Module"
    assert text.count(f'href="{upstream}.train"') == 2
    assert text.count('href="https://ours.example/pages/a.html#torch.nn.Module.train"') == 2
