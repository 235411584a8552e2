"""Describe a Visdom pane in words, for alternative text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from torchproof.pictures.words import course, listed, plain

_UNREAD = re.compile(r"<(style|script|metadata|defs)\b.*?</\1>", re.DOTALL)


def pane_in_words(pane: Mapping[str, Any], *, name: str) -> str:
    """Return the title of a Visdom pane and a summary of its content."""
    content = pane.get("content")
    head = f"Visdom pane {pane.get('title') or name}"
    kind = str(pane.get("type", ""))
    if kind == "plot" and isinstance(content, Mapping):
        traces = [_trace_in_words(trace) for trace in content.get("data", [])]
        return f"{head}: {listed(traces)}."
    if kind == "properties" and isinstance(content, Sequence):
        rows = [f"{row.get('name')} {row.get('value')}" for row in content]
        return f"{head}: {listed(rows)}."
    if kind.startswith("image"):
        return f"{head}: {_image_in_words(content)}."
    if kind == "text":
        text = plain(_UNREAD.sub("", str(content)))
        return f"{head}: {text}" if text else f"{head}: HTML."
    return f"{head}, of type {kind}."


def _trace_in_words(trace: Mapping[str, Any]) -> str:
    kind = str(trace.get("type", "scatter"))
    lines = "lines" in str(trace.get("mode", "lines"))
    word = {"scatter": "line" if lines else "points", "scattergl": "line"}.get(kind, kind)
    name = plain(str(trace.get("name") or ""))
    values = [v for v in trace.get("y") or [] if isinstance(v, int | float)]
    way = course(values) if values and kind.startswith("scatter") else ""
    return " ".join(filter(None, [word, name, way]))


def _image_in_words(content: Any) -> str:
    parts = content if isinstance(content, list) else [content]
    captions = [p.get("caption") for p in parts if isinstance(p, dict)]
    words = [plain(str(caption)) for caption in captions if caption]
    count = "an image" if len(parts) == 1 else f"{len(parts)} images"
    return f"{count}, {listed(words)}" if words else count
