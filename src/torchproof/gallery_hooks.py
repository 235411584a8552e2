"""For sphinx-gallery: pictures of panes and graphs, and a clean start for each script.

Use them in conf.py by name: `reset_modules=("matplotlib", "torchproof.gallery_hooks.reset")` with
`reset_modules_order="both"`, and as `image_scrapers` the `scrape_figures` and `scrape` of here.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from sphinx.errors import ExtensionError
from sphinx_gallery.scrapers import matplotlib_scraper

from torchproof.figure_words import figure_in_words
from torchproof.graph_svg import renamed
from torchproof.pane_words import pane_in_words
from torchproof.pictures import draw
from torchproof.sphinx_ext.panes import UNDRAWN, png_size
from torchproof.sphinx_ext.problems import Kind, warn
from torchproof.subjects import Picture, PictureKind
from torchproof.visdom_panes import PaneCache, pane_digest

_DRAWN = re.compile(
    r"^# torchproof: (?P<kind>graph|tree|trace) (?P<name>\w+)(?P<saved> saved)?\s*$", re.MULTILINE
)
_FRAMES = {"graph": "autograd-graph", "tree": "drawn-list", "trace": "drawn-list"}


class _Script:
    """What belongs to the script that runs now."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.port: int | None = None
        self.seen: dict[tuple[str, str], str] = {}

    def begin(self, path: Path) -> None:
        if "import visdom" not in path.read_text(encoding="utf-8"):
            return
        from torchproof.visdom_client import quiet_client, set_default_port
        from torchproof.visdom_server import visdom_server

        quiet_client()
        self.port = self.stack.enter_context(visdom_server()).port
        set_default_port(self.port)

    def changed_panes(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the panes that are new or changed since the last block, with their names."""
        if self.port is None:
            return []
        import visdom

        client: Any = visdom.Visdom(
            port=self.port, use_incoming_socket=False, raise_exceptions=True
        )
        changed = []
        for env in sorted(client.get_env_list()):
            for win, pane in json.loads(client.get_window_data(win=None, env=env)).items():
                digest = pane_digest(pane)
                if self.seen.get((env, win)) != digest:
                    self.seen[env, win] = digest
                    changed.append((win, pane))
        return changed


_script = _Script()


def reset(gallery_conf: dict[str, Any], fname: str, when: str) -> None:
    """Give a script a Visdom server if it wants one, and torch as a new process finds it."""
    global _script
    _script.stack.close()
    _script = _Script()
    if when == "before":
        import torch

        torch.manual_seed(0)
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        _script.begin(_script_path(gallery_conf, fname))


def _script_path(gallery_conf: dict[str, Any], fname: str) -> Path:
    """Return the path of a script; sphinx-gallery hands over the name alone."""
    folders = [Path(gallery_conf["src_dir"], folder) for folder in gallery_conf["examples_dirs"]]
    paths = [path for folder in folders for path in folder.rglob(Path(fname).name)]
    if len(paths) > 1:
        places = " and ".join(str(path.parent) for path in paths)
        raise ExtensionError(
            f"{places} both have a script {paths[0].name}, which sphinx-gallery cannot tell apart: "
            "rename one",
            modname="torchproof",
        )
    return paths[0]


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return reST for the figures that a block's comments ask for and the panes that it changed."""
    parts = [_drawn(found, block, block_vars) for found in _DRAWN.finditer(block[1])]
    panes = _script.changed_panes()
    if panes:
        parts.append(_panes(panes, block, block_vars, gallery_conf))
    return "\n".join(parts)


def scrape_figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return reST for the Matplotlib figures, with what they show in words."""
    import matplotlib.pyplot as plt

    words = [figure_in_words(plt.figure(number)) for number in plt.get_fignums()]
    rst = matplotlib_scraper(block, block_vars, gallery_conf)
    # sphinx-gallery writes them into its HTML as they are.
    left = iter(html.escape(text) for text in words)
    return re.sub(r"(?<=:alt: ).*", lambda _: next(left), rst)


def _drawn(found: re.Match[str], block: Any, block_vars: dict[str, Any]) -> str:
    kind = cast("PictureKind", found["kind"])
    picture = Picture(kind, found["name"], saved=bool(found["saved"]))
    drawing = draw(picture, block_vars["example_globals"])
    lines = renamed(drawing, f"{block[2]}-{found.start()}").splitlines()
    inner = "\n".join(f"       {line}" for line in lines)
    return f".. container:: {_FRAMES[kind]}\n\n    .. raw:: html\n\n{inner}\n"


def _panes(
    panes: list[tuple[str, dict[str, Any]]],
    block: Any,
    block_vars: dict[str, Any],
    gallery_conf: dict[str, Any],
) -> str:
    cache = PaneCache(Path(gallery_conf["src_dir"], "panes"))
    try:
        cache.draw_missing([pane for _, pane in panes])
    except UNDRAWN as error:
        source = f"{block_vars['src_file']}:{block[2]}"
        warn(Kind.PICTURE, f"no picture of a pane: {error}", location=source)
    rst = []
    for win, pane in panes:
        path = cache.path(pane)
        if path.is_file():
            target = str(next(block_vars["image_path_iterator"]))
            shutil.copyfile(path, target)
            rst.append(_image(Path(target), gallery_conf["src_dir"], pane_in_words(pane, name=win)))
    return "\n".join(rst)


def _image(path: Path, src_dir: str, words: str) -> str:
    # The pictures have two pixels for each of the page's, which figure_rst cannot be told.
    width, _ = png_size(path)
    return (
        f".. image:: /{path.relative_to(src_dir).as_posix()}\n"
        f"    :alt: {words}\n"
        f"    :width: {width // 2}px\n"
        "    :class: pane\n"
    )
