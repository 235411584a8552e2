"""Faults in the front end of Visdom: changes to the text of its bundle, `js/main.js`.

Only code of Visdom itself is changed, which the source map tells from the libraries in the bundle.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from torchproof.finding.subjects import Subject
from torchproof.mutants.areas import Planned, here
from torchproof.mutants.hunting import Trial
from torchproof.mutants.source_map import Piece, pieces

BUNDLE = Path("js", "main.js")
ONE_IN = 12
"""One of so many faults is planted, chosen by its digest: a browser takes seconds for each."""
MOST = 6
"""Number of subjects that try to notice a fault."""
_NEAR = 60
"""Characters after its beginning that belong to a piece; names and numbers are shorter."""
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    r"|(?P<comparison>[!=]==?|[<>]=)|(?P<connective>&&|\|\|)|(?P<switch>![01])\b"
    r"|(?P<constant>(?<![\w$.])\d+)(?![\w.])|(?P<negate>\bif\()"
)
_SWAPPED = {
    "===": "!==",
    "!==": "===",
    "==": "!=",
    "!=": "==",
    "<=": "<",
    ">=": ">",
    "&&": "||",
    "||": "&&",
    "!0": "!1",
    "!1": "!0",
    "if(": "if(!1&&",
}
# Words of what Babel adds to each class and each spread.
_OF_BABEL = re.compile(
    r"@@iterator|Map|Set|Object|Arguments|Cannot call|Invalid attempt|Super expression|"
    r"(Derived|Symbol|Reflect)|"
    r"(undefined|object|function|string|symbol|number|boolean|default|prototype|return|throw|next)$"
)
_WORDS = {
    "EmbeddingsPane": ("embeddings",),
    "ImagePane": ("image", "images", "event_type"),
    "NetworkPane": ("graph",),
    "PlotPane": ("line", "scatter", "bar", "heatmap", "surf"),
    "PropertyItem": ("properties",),
    "PropertiesPane": ("properties",),
    "TextPane": ("text",),
    "lasso": ("embeddings",),
}
"""Words of the subjects that show what a source draws; other sources are on each page."""


@dataclass(frozen=True)
class TextFault:
    """A piece of the bundle with another text."""

    id: str
    name: str
    kind: str
    place: str
    before: str
    after: str
    line: int
    """Line of the bundle, from 0."""
    begin: int
    end: int
    new: str


def plan_front_end(subjects: Iterable[Subject], *, static: Path) -> Planned:
    """Return the trials for the front end in a folder of static files."""
    browsing = [s for s in here("visdom", subjects) if s.needs or "browse(" in s.text]
    trials = []
    for fault in text_faults(static):
        source = Path(fault.name).stem
        words = re.compile(rf"\b({'|'.join(_WORDS.get(source, ('',)))})\b")
        mine = [s for s in browsing if words.search(s.text)] or browsing
        plant = _planter(fault, static)
        trials.append(Trial(fault, (), plant, others=mine, most=MOST))
    return Planned(trials, NoProbes(static))


class NoProbes:
    """Nothing tells what a browser runs; without a fault, subjects get a copy of the front end."""

    size = 1
    key: tuple[object, ...] = ("front-end",)

    def __init__(self, static: Path) -> None:
        self._static = static

    def install(self, folder: Path) -> None:
        """Serve a copy without a fault: a subject that only passes with the original is unfit."""
        serve(copy_of(self._static, folder))

    def places(self, _: Iterable[int]) -> frozenset[object]:
        """Return nothing."""
        return frozenset()


def text_faults(static: Path) -> Iterator[TextFault]:
    """Yield the faults of the front end in a folder of static files, in order of the bundle."""
    lines = (static / BUNDLE).read_text(encoding="utf-8").split("\n")
    seen: Counter[str] = Counter()
    for piece in pieces((static / BUNDLE).with_suffix(".js.map")):
        _, _, source = piece.source.rpartition("/./")
        if not source.startswith("js/"):
            continue
        for fault in _in_piece(lines[piece.line], piece, f"visdom/{source}", seen):
            if int(fault.id.rpartition(":")[2], 16) % ONE_IN == 0:
                yield fault


def _in_piece(line: str, piece: Piece, source: str, seen: Counter[str]) -> Iterator[TextFault]:
    # What Babel adds has no mapping of its own, and follows the last piece of a source.
    end = min(len(line) if piece.end is None else piece.end, piece.begin + _NEAR)
    for token in _TOKEN.finditer(line, piece.begin, end):
        kind = str(token.lastgroup)
        new = _changed(kind, token[0])
        if new is None:
            continue
        before = line[max(0, token.start() - 60) : token.end() + 60]
        after = line[max(0, token.start() - 60) : token.start()] + new
        after += line[token.end() : token.end() + 60]
        # Names are short and change with each bundle; what stays is what the source says.
        key = "\0".join((source, str(piece.source_line), kind, token[0]))
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:10]
        yield TextFault(
            id=f"{source}:{'constant' if kind == 'switch' else kind}:{digest}",
            name=source,
            kind="constant" if kind == "switch" else kind,
            place=f"{source}:{piece.source_line}",
            before=before,
            after=after,
            line=piece.line,
            begin=token.start(),
            end=token.end(),
            new=new,
        )


def _changed(kind: str, text: str) -> str | None:
    if kind == "text":
        inner = text[1:-1]
        if not inner.strip() or "${" in inner or _OF_BABEL.match(inner):
            return None
        return f"{text[0]}{inner}x{text[0]}"
    if kind == "constant":
        return str(int(text) + 1)
    return _SWAPPED[text]


def with_fault(fault: TextFault, static: Path, folder: Path) -> Path:
    """Return a folder of static files like another, but with a fault in the bundle."""
    changed = copy_of(static, folder)
    lines = (static / BUNDLE).read_text(encoding="utf-8").split("\n")
    line = lines[fault.line]
    lines[fault.line] = f"{line[: fault.begin]}{fault.new}{line[fault.end :]}"
    (changed / BUNDLE).unlink()
    (changed / BUNDLE).write_text("\n".join(lines), encoding="utf-8")
    return changed


def copy_of(static: Path, folder: Path) -> Path:
    """Return a copy of a folder of static files, which shares its content where it can."""
    copied = folder / "static"
    shutil.copytree(static, copied, copy_function=_share)
    return copied


def _share(file: str, to: str) -> None:
    # Not as a symbolic link: the server follows none that leads out of its folder.
    try:
        os.link(file, to)
    except OSError:
        shutil.copy2(file, to)


def serve(static: Path) -> None:
    """Let the servers with a front end that this process starts serve a folder."""
    # They ask this function for the folder; so does Visdom's own command.
    for name in ("server", "command"):
        vars(importlib.import_module(f"torchproof.visdom.{name}"))["front_end_folder"] = lambda: (
            static
        )


def _planter(fault: TextFault, static: Path) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        serve(with_fault(fault, static, folder))

    return plant
