"""The kinds of picture, as data: what a subject's process records and a page draws."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

NodeKind = Literal["root", "function", "leaf", "saved", "lost", "cut"]
PartKind = Literal["module", "parameter", "buffer"]


class Node(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A box of a graph."""

    key: str
    """Its place in the traversal: the same in every process."""
    kind: NodeKind
    """`lost`: saved, but freed or modified since; `cut`: inputs that do not require grad."""
    label: str
    detail: str = ""
    """A shape, the variable that holds a function's result, or what became of a saved tensor."""


class Edge(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A step of the backward pass, or a saved tensor that a function holds."""

    source: str
    target: str
    output: int | None = None
    """Which output of the target was used, where the target has several."""


class Graph(Struct, frozen=True, tag="graph", forbid_unknown_fields=True):
    """What backward will visit, breadth first from the root."""

    name: str
    """Variable that holds the root."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A module, a parameter or a buffer of a module tree."""

    kind: PartKind
    name: str
    type: str = ""
    """Class of a module; empty for a name that holds None."""
    shape: tuple[int, ...] | None = None
    """Shape of a tensor; None for one that is not initialized, and where there is no tensor."""
    dtype: str = ""
    """Data type of a tensor, such as float32; empty where there is no tensor."""
    frozen: bool = False
    """Whether it is a parameter that does not require grad."""
    saved: bool = True
    """Whether it is in the state dict."""
    same_as: str | None = None
    """Path of the place where the same object stands first; empty for the root."""
    parts: tuple[Part, ...] = ()


class Tree(Struct, frozen=True, tag="tree", forbid_unknown_fields=True):
    """A module with all that it owns."""

    root: Part


class Trace(Struct, frozen=True, tag="trace", forbid_unknown_fields=True):
    """What ran, in order; the first word of a line is its lane."""

    name: str
    """Variable that holds the trace."""
    lines: tuple[str, ...]


class Pane(Struct, frozen=True, tag="pane", forbid_unknown_fields=True):
    """A pane of Visdom, as the JSON that its server holds."""

    json: str


Recorded = Graph | Tree | Trace | Pane
Drawable = Graph | Tree | Trace
"""What a page draws by itself; a pane needs a browser."""
