"""Faults: one change of one function, with an identity that outlives moves of lines."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torchproof.mutants.changes import changes, header
from torchproof.mutants.sources import Source, node_of

KINDS: Mapping[str, str] = {
    "negate": "a condition is negated",
    "connective": "`and` and `or` are exchanged",
    "comparison": "a comparison is exchanged with its neighbour",
    "constant": "a number is off by one, a switch is flipped",
    "default": "the default of a parameter is another one",
    "drop-statement": "a statement is left out",
    "drop-argument": "an argument of a call is left out",
    "drop-raise": "an error is not raised",
    "drop-with": "a block runs without its context manager",
    "return-none": "`None` is returned instead of the value",
    "return-copy": "a copy is returned instead of the value",
    "copy-to-callback": "a hook or function gets a copy of its argument",
    "skip-loop": "a loop, such as that over the children, does nothing",
    "first-only": "a loop ends after its first item",
    "reverse": "a loop runs backwards",
    "does-nothing": "a compiled function does nothing and returns `None`",
    "returns-self": "a compiled method returns its object",
    "returns-copy": "a compiled function returns a copy",
    "drop-keyword": "a compiled function does not see one of its arguments",
    "ignores-write": "writing to an attribute does nothing",
    "text": "the text of the front end's `main.js` is changed",
}
"""Each kind of fault, in words."""


@dataclass(frozen=True)
class Fault:
    """One planted fault, as data that any process can plant."""

    id: str
    """Name, kind and a digest of the changed code; it outlives moves of lines."""
    name: str
    """Documented name whose entry has to notice."""
    kind: str
    source: Source
    number: int
    """Index of its change among those of the function."""
    statement: int
    """First line of the changed statement, or of the function for a default."""
    before: str
    after: str
    is_invariant: bool = False
    """Whether it lies in an assertion of what the code takes for granted."""

    @property
    def place(self) -> str:
        """File, from the folder of its package, and line."""
        package = self.source.module.partition(".")[0]
        _, _, file = self.source.file.rpartition(f"/{package}/")
        return f"{package}/{file}:{self.statement}"


def faults_of(source: Source) -> Iterator[Fault]:
    """Yield the faults of a function."""
    node = node_of(source)
    seen: Counter[str] = Counter()
    for number, change in enumerate(changes(node)):
        before = header(change.statement)
        with change.applied():
            after = header(change.statement)
        if change.field in {"body", "orelse", "finalbody"} and change.index is not None:
            # The statement itself is replaced.
            new = None if change.kind.startswith("drop-") else change.new
            after = "" if new is None else header(new)
        key = "\0".join((source.module, source.qualname, change.kind, before, after))
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:10]
        yield Fault(
            id=f"{source.name}:{change.kind}:{digest}",
            name=source.name,
            kind=change.kind,
            source=source,
            number=number,
            statement=getattr(change.statement, "lineno", source.line),
            before=before,
            after=after,
            is_invariant=before.startswith("raise AssertionError"),
        )
