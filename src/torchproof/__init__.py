"""Torchproof: the PyTorch reference that proves itself.

Public are `visdom_server`, `visdom_browser`, `visdom_panes` and `visdom_static`, which pages and
scripts import, the Sphinx extension `torchproof.sphinx_ext`, and the commands that tox.ini names.
"""

__version__ = "0.1.0"
