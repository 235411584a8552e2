"""Hooks for sphinx-gallery: picture panes and graphs, and reset the state for each script.

Name them in conf.py: set `reset_modules` to "matplotlib" and this module's `reset`, with
`reset_modules_order="both"`, and `image_scrapers` to its `scrape_figures` and `scrape`.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from sphinx.errors import ExtensionError
from sphinx_gallery.py_source_parser import split_code_and_text_blocks
from sphinx_gallery.scrapers import matplotlib_scraper

from torchproof.finding.subjects import Picture, PictureKind
from torchproof.panes.data import shown_text
from torchproof.panes.place import Places, script_places
from torchproof.panes.words import pane_in_words
from torchproof.pictures.figure_words import figure_in_words
from torchproof.pictures.kinds import Pane
from torchproof.pictures.recording import record
from torchproof.sphinx_ext.drawings import drawing_rst
from torchproof.sphinx_ext.pane_pictures import (
    ShownPane,
    bring_up_to_date,
    pane_pictures,
    shown_width,
)

_DRAWN = re.compile(
    r"^# torchproof: (?P<kind>graph|tree|trace) (?P<name>\w+)(?P<saved> saved)?\s*$", re.MULTILINE
)


@dataclass(frozen=True)
class _Pane:
    place: PurePosixPath
    win: str
    pane: dict[str, Any]


class _Script:
    """The state of the running script: its server, and the panes seen so far."""

    def __init__(self, places: Places) -> None:
        self.stack = ExitStack()
        self.port: int | None = None
        self.seen: dict[tuple[str, str], str] = {}
        self.places = places

    def begin(self, path: Path) -> None:
        if "import visdom" not in path.read_text(encoding="utf-8"):
            return
        from torchproof.visdom.client import quiet_client, set_default_port
        from torchproof.visdom.server import visdom_server

        quiet_client()
        self.port = self.stack.enter_context(visdom_server()).port
        set_default_port(self.port)

    def changed_panes(self) -> list[_Pane]:
        """Return the panes that are new or have changed since the last block."""
        if self.port is None:
            return []
        import visdom

        client: Any = visdom.Visdom(
            port=self.port, use_incoming_socket=False, raise_exceptions=True
        )
        changed = []
        for env in sorted(client.get_env_list()):
            for win, pane in json.loads(client.get_window_data(win=None, env=env)).items():
                text = shown_text(pane)
                if self.seen.get((env, win)) != text:
                    self.seen[env, win] = text
                    changed.append(_Pane(self.places.take(win, env), win, pane))
        return changed


_script = _Script(Places(PurePosixPath()))


def reset(gallery_conf: dict[str, Any], fname: str, when: str) -> None:
    """Start a Visdom server if the script imports visdom, and reset torch's global state."""
    global _script
    _script.stack.close()
    path = _script_path(gallery_conf, fname)
    _script = _Script(script_places(_from_root(path, gallery_conf["src_dir"])))
    if when == "before":
        import torch

        torch.manual_seed(0)
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        _script.begin(path)


def _script_path(gallery_conf: dict[str, Any], fname: str) -> Path:
    """Return the path of a script, of which sphinx-gallery passes only the name."""
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


def _from_root(path: Path, docs: str | Path) -> str:
    """Return the path of a script relative to the parent of the docs folder, as for the site."""
    parts = Path(os.path.relpath(path, docs)).parts
    return PurePosixPath(*(part for part in parts if part != os.pardir)).as_posix()


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return reST for the drawings that a block's comments request and the panes it changed."""
    parts = [_drawn(found, block_vars) for found in _DRAWN.finditer(block[1])]
    panes = _script.changed_panes()
    if panes:
        parts.append(_panes(panes, block, block_vars, gallery_conf))
    return "\n".join(parts)


def scrape_figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return reST for the Matplotlib figures, with descriptions as alt texts."""
    import matplotlib.pyplot as plt

    words = [figure_in_words(plt.figure(number)) for number in plt.get_fignums()]
    rst = matplotlib_scraper(block, block_vars, gallery_conf)
    # sphinx-gallery does not escape alt texts in its HTML.
    left = iter(html.escape(text) for text in words)
    return re.sub(r"(?<=:alt: ).*", lambda _: next(left), rst)


def _drawn(found: re.Match[str], block_vars: dict[str, Any]) -> str:
    kind = cast("PictureKind", found["kind"])
    picture = Picture(kind, found["name"], saved=bool(found["saved"]))
    shown = record(picture, block_vars["example_globals"])
    assert not isinstance(shown, Pane)  # a comment cannot request a pane
    return drawing_rst(shown)


def _panes(
    panes: list[_Pane], block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]
) -> str:
    pictures = pane_pictures(gallery_conf["src_dir"])
    source = f"{block_vars['src_file']}:{block[2]}"
    bring_up_to_date(pictures, [ShownPane(p.place, p.pane, p.win, source) for p in panes])
    rst = []
    for pane in panes:
        path = pictures.png(pane.place)
        if path.is_file():
            target = str(next(block_vars["image_path_iterator"]))
            shutil.copyfile(path, target)
            words = pane_in_words(pane.pane, name=pane.win)
            rst.append(_image(Path(target), gallery_conf["src_dir"], words))
    return "\n".join(rst)


def _image(path: Path, src_dir: str, words: str) -> str:
    # The pictures are shown at less than full resolution, for which figure_rst has no option.
    return (
        f".. image:: /{path.relative_to(src_dir).as_posix()}\n"
        f"    :alt: {words}\n"
        f"    :width: {shown_width(path)}px\n"
        "    :class: pane\n"
    )


def panes_of(path: Path, *, docs: Path) -> dict[str, dict[str, Any]]:
    """Run a script block by block, as sphinx-gallery does; return its panes by place."""
    conf = {"src_dir": str(docs), "examples_dirs": [str(path.parent)]}
    namespace = {"__name__": "__main__", "__file__": str(path)}
    panes: dict[str, dict[str, Any]] = {}
    reset(conf, path.name, "before")
    try:
        for kind, text, line in split_code_and_text_blocks(str(path))[1]:
            if kind == "code":
                exec(compile("\n" * (line - 1) + text, str(path), "exec"), namespace)
                panes |= {p.place.as_posix(): p.pane for p in _script.changed_panes()}
    finally:
        reset(conf, path.name, "after")
    return panes


def main(argv: Sequence[str]) -> int:
    """Run scripts and print their panes as JSON; the first argument is the docs folder."""
    docs = Path(argv[0])
    panes: dict[str, dict[str, Any]] = {}
    for name in argv[1:]:
        panes |= panes_of(Path(name).resolve(), docs=docs)
    sys.stdout.write(f"\n{json.dumps(panes)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
