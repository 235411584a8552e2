"""The figure of a trace: its lanes, its order, and what counts as a hook."""

from __future__ import annotations

import re

import pytest

from torchproof.pictures.call_trace import record_trace
from torchproof.pictures.lists import trace_html, trace_markdown

TRACE = ["Outer pre-hook, global 1", "Outer forward", "Inner forward", "Outer hook 2"]


def test_lines_stand_in_their_lanes_in_order() -> None:
    html = trace_html(record_trace(TRACE, name="log"))
    items = re.findall(r'<li class="(.*?)" style="--lane: (\d)"><b>(\w+)</b> (.*?)</li>', html)
    assert items == [
        ("hook global", "1", "Outer", 'pre-hook, global <span class="given">gets 1</span>'),
        ("step", "1", "Outer", "forward"),
        ("step", "2", "Inner", "forward"),
        ("hook", "1", "Outer", 'hook <span class="given">gets 2</span>'),
    ]


def test_markdown_of_a_trace_is_a_list_in_order() -> None:
    assert trace_markdown(record_trace(TRACE, name="log")).splitlines() == [
        "- Outer pre-hook, global gets 1",
        "- Outer forward",
        "- Inner forward",
        "- Outer hook gets 2",
    ]


def test_text_is_escaped() -> None:
    assert "a &lt;b&gt;" in trace_html(record_trace(["Net a <b>"], name="log"))


@pytest.mark.parametrize("trace", ["Net forward", [1], [""], None])
def test_anything_else_is_no_trace(trace: object) -> None:
    with pytest.raises(TypeError, match=r"^`log` is no trace: a list of lines"):
        record_trace(trace, name="log")
