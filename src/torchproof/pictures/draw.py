"""The raw material of a picture, taken from what stands in a namespace after an example ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from torchproof.deferred_text import Say, plain
from torchproof.finding.subjects import Picture


def draw(picture: Picture, namespace: Mapping[str, Any], *, say: Say = plain) -> str:
    """Return SVG of a graph, HTML of a module tree or a call trace, or JSON of a pane.

    Raises NameError for a variable, LookupError for a pane that is not there, and TypeError for a
    variable that is no such thing.
    """
    if picture.kind == "pane":
        return _pane(picture)
    if picture.name not in namespace:
        raise NameError(f"no variable `{picture.name}` after this block")
    value = namespace[picture.name]
    if picture.kind == "tree":
        from torchproof.pictures.module_tree import tree_html

        return tree_html(value, name=picture.name, say=say)
    if picture.kind == "trace":
        from torchproof.pictures.call_trace import trace_html

        return trace_html(value, name=picture.name, say=say)
    from torchproof.pictures.autograd_graph import draw_graph

    return draw_graph(value, name=picture.name, names=dict(namespace), saved=picture.saved, say=say)


def _pane(picture: Picture) -> str:
    from torchproof.visdom.client import default_port
    from torchproof.visdom.panes import pane_json

    pane = pane_json(default_port(), picture.name, env=picture.env)
    if pane is None:
        raise LookupError(f"no pane `{picture.name}` in env `{picture.env}`")
    return json.dumps(pane, sort_keys=True)
