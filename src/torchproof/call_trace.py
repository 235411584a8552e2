"""The trace of a call as a figure: who ran, in which order, each in the lane of its module.

The trace is what an example has asserted: a list of lines. The first word of a line is its lane.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

_GIVEN = re.compile(r"(?P<text>.*?)(?: (?P<given>\d+))?")


def trace_html(trace: Sequence[str], *, name: str) -> str:
    """Return a trace as an HTML figure; raises TypeError for anything but lines of text.

    A line with the word hook is drawn as one, told apart where it is global; a number at its end
    is how much the hook is given.
    """
    if not isinstance(trace, list) or not all(isinstance(line, str) and line for line in trace):
        raise TypeError(f"`{name}` is no trace: a list of lines, each with its lane in front")
    lanes = list(dict.fromkeys(line.split(" ", 1)[0] for line in trace))
    items = "".join(_item(line, lanes) for line in trace)
    return (
        '<ol class="call-trace" '
        f'aria-label="{escape(f"What ran, in order: {name}", quote=True)}">{items}</ol>\n'
    )


def _item(line: str, lanes: list[str]) -> str:
    lane, _, rest = line.partition(" ")
    found = _GIVEN.fullmatch(rest)
    assert found is not None
    kinds = ["hook"] if "hook" in rest else ["step"]
    if "global" in rest:
        kinds.append("global")
    given = f' <span class="given">gets {found["given"]}</span>' if found["given"] else ""
    return (
        f'<li class="{" ".join(kinds)}" style="--lane: {lanes.index(lane) + 1}">'
        f"<b>{escape(lane)}</b> {escape(found['text'])}{given}</li>"
    )
