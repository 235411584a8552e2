"""What sphinx-gallery calls before and after a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError
from trees import write_tree

from torchproof.gallery_hooks import reset


def test_two_scripts_of_one_name_are_refused(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path, {"gallery/a/same.py": '"""A"""\n', "gallery/b/same.py": '"""B"""\n'}
    )
    conf = {"src_dir": str(root), "examples_dirs": ["gallery/a", "gallery/b"]}
    places = f"{root}/gallery/a and {root}/gallery/b both have a script same.py"
    with pytest.raises(ExtensionError, match=re.escape(places)):
        reset(conf, "same.py", "before")
