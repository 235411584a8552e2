"""The kinds of picture as data, which a subject's process records and a page draws."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

NodeKind = Literal["root", "function", "leaf", "saved", "lost", "cut"]
PartKind = Literal["module", "parameter", "buffer"]


class Node(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A box of a graph."""

    key: str
    """Id by order of traversal, so it is the same in every process."""
    kind: NodeKind
    """`lost`: a saved tensor that was freed or modified; `cut`: inputs that do not require grad."""
    label: str
    detail: str = ""
    """A shape, the variables of a function's results, why a tensor is lost, or an input count."""


class Edge(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A step of the backward pass, or a saved tensor that a function holds."""

    source: str
    target: str
    output: int | None = None
    """Index of the target's output; None if only its first output is used."""


class Graph(Struct, frozen=True, tag="graph", forbid_unknown_fields=True):
    """The functions and leaves that backward visits, breadth-first from the root."""

    name: str
    """Name of the variable that holds the root."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A module, a parameter or a buffer of a module tree."""

    kind: PartKind
    name: str
    type: str = ""
    """Class of a module; empty for a name that holds None."""
    shape: tuple[int, ...] | None = None
    """Shape of a tensor; None for an uninitialized one and if there is no tensor."""
    dtype: str = ""
    """Data type of a tensor, such as float32; empty if there is no tensor."""
    frozen: bool = False
    """Whether it is a parameter that does not require grad."""
    saved: bool = True
    """Whether it is in the state dict."""
    same_as: str | None = None
    """Path of the first occurrence of the same object; empty for the root, None if this is it."""
    parts: tuple[Part, ...] = ()


class Tree(Struct, frozen=True, tag="tree", forbid_unknown_fields=True):
    """A module with its parameters, buffers and submodules."""

    root: Part


class Trace(Struct, frozen=True, tag="trace", forbid_unknown_fields=True):
    """The calls of a run, in order; the first word of a line is its lane."""

    name: str
    """Name of the variable that holds the trace."""
    lines: tuple[str, ...]


class Pane(Struct, frozen=True, tag="pane", forbid_unknown_fields=True):
    """A pane of Visdom, as its server's JSON."""

    json: str


Recorded = Graph | Tree | Trace | Pane
Drawable = Graph | Tree | Trace
"""The pictures that a page draws without a browser."""
