"""Document names of scripts' pages, which sphinx-gallery writes, and links to them."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from torchproof.finding.subjects import Subject


def reference_to(script: Subject, docname: str) -> nodes.Node:
    """Return a link from a page to a script's page, with the script's title as text."""
    reference = addnodes.pending_xref(
        "", refdomain="std", reftype="doc", reftarget=f"/{script_docname(script)}", refexplicit=True
    )
    reference["refdoc"] = docname
    reference["refwarn"] = True
    reference += nodes.inline("", script.title)
    return reference


def script_docname(script: Subject) -> str:
    """Return the document name of a script's page."""
    return Path(script.file).with_suffix("").as_posix()


def thumbnail_of(docname: str) -> str:
    """Return the path, below the docs folder, of the thumbnail of a script."""
    folder, _, stem = docname.rpartition("/")
    return f"{folder}/images/thumb/sphx_glr_{stem}_thumb.png"


def first_picture_of(docname: str) -> str:
    """Return the path below the docs folder of the first picture that a script drew."""
    folder, _, stem = docname.rpartition("/")
    return f"{folder}/images/sphx_glr_{stem}_001.png"
