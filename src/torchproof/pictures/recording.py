"""Record the data of a picture from an example's namespace, after the example has run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from torchproof.finding.subjects import Picture
from torchproof.pictures.kinds import Pane, Recorded


def record(picture: Picture, namespace: Mapping[str, Any]) -> Recorded:
    """Return the graph, tree, trace or pane of a picture.

    Raises NameError for a missing variable, LookupError for a missing pane, and TypeError or
    ValueError for a variable of the wrong kind.
    """
    if picture.kind == "pane":
        return _pane(picture)
    if picture.name not in namespace:
        raise NameError(f"no variable `{picture.name}` after this block")
    value = namespace[picture.name]
    # Imported here, since a subject without pictures needs neither torch nor these modules.
    if picture.kind == "tree":
        from torchproof.pictures.module_tree import record_tree

        return record_tree(value, name=picture.name)
    if picture.kind == "trace":
        from torchproof.pictures.call_trace import record_trace

        return record_trace(value, name=picture.name)
    from torchproof.pictures.autograd_graph import record_graph

    names = {picture.name: value, **namespace}
    return record_graph(value, names=names, saved=picture.saved)


def _pane(picture: Picture) -> Pane:
    from torchproof.visdom.client import default_port
    from torchproof.visdom.panes import pane_json

    pane = pane_json(default_port(), picture.name, env=picture.env)
    if pane is None:
        raise LookupError(f"no pane `{picture.name}` in env `{picture.env}`")
    return Pane(json.dumps(pane, sort_keys=True))
