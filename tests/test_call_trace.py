"""The figure of a trace: its lanes, its order, and what counts as a hook."""

from __future__ import annotations

import re

import pytest

from torchproof.pictures.call_trace import trace_html

TRACE = ["Outer pre-hook, global 1", "Outer forward", "Inner forward", "Outer hook 2"]


def test_lines_stand_in_their_lanes_in_order() -> None:
    html = trace_html(TRACE, name="log")
    items = re.findall(r'<li class="(.*?)" style="--lane: (\d)"><b>(\w+)</b> (.*?)</li>', html)
    assert items == [
        ("hook global", "1", "Outer", 'pre-hook, global <span class="given">gets 1</span>'),
        ("step", "1", "Outer", "forward"),
        ("step", "2", "Inner", "forward"),
        ("hook", "1", "Outer", 'hook <span class="given">gets 2</span>'),
    ]


def test_text_is_escaped() -> None:
    assert "a &lt;b&gt;" in trace_html(["Net a <b>"], name="log")


@pytest.mark.parametrize("trace", ["Net forward", [1], [""], None])
def test_anything_else_is_no_trace(trace: object) -> None:
    with pytest.raises(TypeError, match=r"^`log` is no trace: a list of lines"):
        trace_html(trace, name="log")  # type: ignore[arg-type]
