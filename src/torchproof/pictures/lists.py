"""Write module trees and call traces as lists, in HTML and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from torchproof.language import Translate, untranslated
from torchproof.pictures.kinds import Part, Trace, Tree

_GIVEN = re.compile(r"(?P<text>.*?)(?: (?P<given>\d+))?")


def tree_html(tree: Tree, *, translate: Translate = untranslated) -> str:
    """Return a module tree as a nested HTML list."""
    label = escape(translate("The module tree of %s", tree.root.name), quote=True)
    items = _part_html(tree.root, translate)
    return f'<ul class="module-tree" aria-label="{label}">{items}</ul>\n'


def tree_markdown(tree: Tree, *, translate: Translate = untranslated) -> str:
    """Return a module tree as a nested Markdown list."""

    def lines(part: Part, indent: str) -> Iterator[str]:
        words = [part.name, part.type or _detail(part, translate), _same_as(part, translate)]
        yield f"{indent}- {' '.join(filter(None, words))}"
        for inner in part.parts:
            yield from lines(inner, f"{indent}  ")

    return "\n".join(lines(tree.root, ""))


def trace_html(trace: Trace, *, translate: Translate = untranslated) -> str:
    """Return a call trace as an HTML list, with each line in the lane of its first word.

    A line containing `hook` is styled as a hook, and one containing `global` as a global one. A
    number at the end of a line is the count of arguments that a hook gets.
    """
    lanes = list(dict.fromkeys(line.partition(" ")[0] for line in trace.lines))
    items = "".join(_line_html(line, lanes, translate) for line in trace.lines)
    label = escape(translate("What ran, in order: %s", trace.name), quote=True)
    return f'<ol class="call-trace" aria-label="{label}">{items}</ol>\n'


def trace_markdown(trace: Trace, *, translate: Translate = untranslated) -> str:
    """Return a call trace as a Markdown list."""
    return "\n".join(
        f"- {' '.join(filter(None, (lane, text, given)))}"
        for lane, text, given in (_cut(line, translate) for line in trace.lines)
    )


def _part_html(part: Part, translate: Translate) -> str:
    again = _same_as(part, translate)
    again = f' <em class="same">{escape(again)}</em>' if again else ""
    name = f"<code>{escape(part.name)}</code>"
    if not part.type:
        detail = f'<span class="detail">{escape(_detail(part, translate))}</span>'
        return f'<li class="{part.kind}">{name} {detail}{again}</li>'
    inner = "".join(_part_html(inner, translate) for inner in part.parts)
    below = f"<ul>{inner}</ul>" if inner else ""
    return f'<li class="module">{name} <b>{escape(part.type)}</b>{again}{below}</li>'


def _detail(part: Part, translate: Translate) -> str:
    kinds = {
        "module": translate("module"),
        "parameter": translate("parameter"),
        "buffer": translate("buffer"),
    }
    if not part.dtype:
        return f"{kinds[part.kind]} None"
    frozen = translate(", frozen") if part.frozen else ""
    unsaved = "" if part.saved else translate(", not saved")
    return f"{kinds[part.kind]} {_shape(part, translate)}{frozen}{unsaved}"


def _shape(part: Part, translate: Translate) -> str:
    if part.shape is None:
        return translate("not initialized")
    shape = " × ".join(map(str, part.shape)) or translate("scalar")
    return shape if part.dtype == "float32" else f"{shape} {part.dtype}"


def _same_as(part: Part, translate: Translate) -> str:
    if part.same_as is None:
        return ""
    return translate("is %s", part.same_as or translate("the root"))


def _line_html(line: str, lanes: list[str], translate: Translate) -> str:
    lane, text, given = _cut(line, translate)
    kinds = ["hook"] if "hook" in line.partition(" ")[2] else ["step"]
    if "global" in line.partition(" ")[2]:
        kinds.append("global")
    after = f' <span class="given">{given}</span>' if given else ""
    return (
        f'<li class="{" ".join(kinds)}" style="--lane: {lanes.index(lane) + 1}">'
        f"<b>{escape(lane)}</b> {escape(text)}{after}</li>"
    )


def _cut(line: str, translate: Translate) -> tuple[str, str, str]:
    """Return the lane of a line, its text, and the number that a hook gets, in words."""
    lane, _, rest = line.partition(" ")
    found = _GIVEN.fullmatch(rest)
    assert found is not None
    return lane, found["text"], translate("gets %s", found["given"]) if found["given"] else ""
