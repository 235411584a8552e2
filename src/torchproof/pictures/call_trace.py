"""The trace of a call as a figure: who ran, in which order, each in the lane of its module.

The trace is what an example has asserted: a list of lines. The first word of a line is its lane.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from torchproof.deferred_text import Say, plain

_GIVEN = re.compile(r"(?P<text>.*?)(?: (?P<given>\d+))?")


def trace_html(trace: Sequence[str], *, name: str, say: Say = plain) -> str:
    """Return a trace as an HTML figure; raises TypeError for anything but lines of text.

    A line with the word hook is drawn as one, told apart where it is global; a number at its end
    is how much the hook is given.
    """
    if not isinstance(trace, list) or not all(isinstance(line, str) and line for line in trace):
        raise TypeError(f"`{name}` is no trace: a list of lines, each with its lane in front")
    lanes = list(dict.fromkeys(line.split(" ", 1)[0] for line in trace))
    items = "".join(_item(line, lanes, say) for line in trace)
    label = escape(say("What ran, in order: %s", name), quote=True)
    return f'<ol class="call-trace" aria-label="{label}">{items}</ol>\n'


def _item(line: str, lanes: list[str], say: Say) -> str:
    lane, _, rest = line.partition(" ")
    found = _GIVEN.fullmatch(rest)
    assert found is not None
    kinds = ["hook"] if "hook" in rest else ["step"]
    if "global" in rest:
        kinds.append("global")
    given = found["given"]
    if given:
        words = say("gets %s", given)
        given = f' <span class="given">{words}</span>'
    return (
        f'<li class="{" ".join(kinds)}" style="--lane: {lanes.index(lane) + 1}">'
        f"<b>{escape(lane)}</b> {escape(found['text'])}{given or ''}</li>"
    )
