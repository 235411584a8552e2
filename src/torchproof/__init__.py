"""Torchproof: the PyTorch reference that proves itself.

The public API is `visdom_server`, `visdom_browser`, `visdom_panes` and `visdom_static`, which
docs/torchproof.md documents, `replay` (docs/replay.md), the Sphinx extension
`torchproof.sphinx_ext`, and the commands in tox.ini.
"""

__version__ = "0.1.0"
