"""A replay as data: the steps in which a graph is recorded and a backward pass walks it."""

from __future__ import annotations

from msgspec import Struct

from torchproof.pictures.kinds import Graph

Values = tuple[str | None, ...]
"""Tensors as text; None where there is none."""


class Place(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line of an example."""

    block: int
    """How many examples after the one with the figure; negative before it."""
    row: int
    """Line within the block, from 0."""
    code: str
    """The text of this line, without indentation."""


class Saved(Struct, frozen=True, forbid_unknown_fields=True):
    """The tensors that a node saved."""

    key: str
    tensors: tuple[tuple[str, str], ...]
    """Name and shape of each."""


class Records(Struct, frozen=True, tag="records", omit_defaults=True, forbid_unknown_fields=True):
    """A line of code recorded nodes."""

    nodes: tuple[str, ...]
    """Keys of the functions, in the order in which they were recorded."""
    shown: tuple[str, ...]
    """Keys of all boxes that appear with them."""
    saved: tuple[Saved, ...] = ()
    place: Place | None = None
    """None if the line is in no example of the section."""


class Starts(Struct, frozen=True, tag="starts", omit_defaults=True, forbid_unknown_fields=True):
    """A backward pass begins."""

    own: bool = False
    """Whether only the replay runs this pass, and the example does not."""
    place: Place | None = None


class Calls(Struct, frozen=True, tag="calls", omit_defaults=True, forbid_unknown_fields=True):
    """The engine calls a function of the example, such as a hook."""

    name: str
    given: Values
    returned: Values = ()
    place: Place | None = None


class Runs(Struct, frozen=True, tag="runs", omit_defaults=True, forbid_unknown_fields=True):
    """The engine runs a node."""

    key: str
    received: Values
    sent: tuple[tuple[str, str | None], ...] = ()
    """Key of the node that each gradient goes to, and the gradient."""
    freed: bool = False
    """Whether the tensors that it saved are gone when the next node begins."""
    grad: str | None = None
    """The `.grad` of a leaf after it."""
    failed: bool = False
    """Whether it raised an error."""


class Ends(Struct, frozen=True, tag="ends", omit_defaults=True, forbid_unknown_fields=True):
    """The pass is over."""

    grads: tuple[tuple[str, str | None], ...]
    """The `.grad` of each leaf that the figure shows, by key."""
    error: str = ""
    """What the pass raised."""


Step = Records | Starts | Calls | Runs | Ends


class Replay(Struct, frozen=True, forbid_unknown_fields=True):
    """The steps of one figure."""

    example: int
    """Index of the example in its subject."""
    name: str
    """Name of the variable that holds the root."""
    graph: Graph
    """What the figure shows; a replay of another graph is not its replay."""
    steps: tuple[Step, ...]


class Made(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of a call trace, and the code that wrote it."""

    place: Place | None = None
    function: str = ""
    given: tuple[str, ...] = ()
    """Names and shapes of the arguments of that function."""


class TraceReplay(Struct, frozen=True, forbid_unknown_fields=True):
    """The steps of a call trace, one for each line."""

    example: int
    name: str
    lines: tuple[str, ...]
    made: tuple[Made, ...]
    """What wrote each line."""


class Refused(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure whose replay differs from the checked run, or could not be recorded."""

    example: int
    name: str
    reason: str


class Recording(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The replays of a subject."""

    graphs: tuple[Replay, ...] = ()
    traces: tuple[TraceReplay, ...] = ()
    refused: tuple[Refused, ...] = ()
