"""Draw a recorded graph as an accessible inline SVG, for light and dark themes."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from math import ceil
from unicodedata import east_asian_width

from torchproof.language import Translate, untranslated
from torchproof.pictures.graph_words import graph_in_words
from torchproof.pictures.kinds import Graph, Node
from torchproof.pictures.layers import Line
from torchproof.pictures.layout import Box, Point, lay_out

_MARGIN = 4
_DRAWN = ("flow", "head", "aside")
"""The kinds of line, in the order in which they are drawn."""
_CHARACTER = 7.4  # width at 12 px in the widest monospace font that sites specify
_STYLE = """
#ID{color:var(--color-foreground-primary,currentColor);max-width:100%;height:auto;\
font:12px var(--font-stack--monospace,ui-monospace,monospace)}
#ID text{fill:currentColor;text-anchor:middle}
#ID .detail{fill:var(--color-foreground-secondary,currentColor)}
#ID .flow,#ID .aside{fill:none;stroke:var(--color-foreground-muted,currentColor);stroke-width:1.2}
#ID .aside{stroke-dasharray:1 3;stroke-linecap:round;stroke-width:1.5}
#ID .head{fill:var(--color-foreground-muted,currentColor)}
#ID .box{fill:var(--color-background-secondary,none);\
stroke:var(--color-foreground-border,currentColor)}
#ID .root .box{fill:none;stroke:var(--color-brand-primary,currentColor);stroke-width:1.5}
#ID .leaf .box{fill:#12906b;fill-opacity:.14;stroke:#12906b;stroke-width:1.5}
#ID .saved .box{fill:#c2760c;fill-opacity:.1;stroke:#c2760c;stroke-dasharray:5 3}
#ID .fold{fill:#c2760c}
#ID .lost .fold{fill:var(--color-foreground-border,currentColor)}
#ID .lost .box{fill:none;stroke-dasharray:1.5 3}
#ID .lost .label{text-decoration:line-through}
#ID .cut .box{fill:var(--color-background-primary,none)}
#ID .cut text{font-size:10px}
#ID .output{font-size:10px;text-anchor:start;paint-order:stroke;stroke-width:3;\
stroke:var(--color-background-primary,none)}
"""


def graph_svg(
    graph: Graph, *, anchor: str, translate: Translate = untranslated, parts: bool = False
) -> str:
    """Draw a graph with its root on top; `anchor` is its id and the prefix of the ids inside.

    With `parts` each box has its key in `data-node`, and each line those of its ends in
    `data-edge`, so that a script can show them one by one. The output depends on the arguments
    alone.
    """
    passed = {node.key for node in graph.nodes if node.kind in ("function", "leaf")}
    layout = lay_out(
        {node.key: _size(node) for node in graph.nodes},
        [
            Line(edge.source, edge.target, edge.output or 0, 1 if edge.target in passed else 0.1)
            for edge in graph.edges
        ],
    )
    title = translate("Autograd graph of %s", graph.name)
    words = graph_in_words(graph, translate=translate)
    paths: dict[tuple[str, str], list[str]] = {}
    outputs = []
    for edge, path in zip(graph.edges, layout.paths, strict=True):
        x, y = path[-1]
        arrives = y == layout.boxes[edge.target].y  # and does not join another line
        head = arrives and edge.target in passed
        ends = f' data-edge="{edge.source} {edge.target}"' if parts else ""
        line = "flow" if edge.target in passed else "aside"
        paths.setdefault((line, ends), []).append(_way(path, head=head))
        if head:
            paths.setdefault(("head", ends), []).append(f"M{x:g} {y - 0.5:g}l-3.5 -7h7z")
        if arrives and edge.output is not None:
            at = f'x="{x + 6:g}" y="{y - 5:g}"'
            outputs.append(f'<text class="detail output" {at}>[{edge.output}]</text>')
    width, height = (ceil(length + 2 * _MARGIN) for length in (layout.width, layout.height))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{anchor}" role="img" '
        f'aria-labelledby="{anchor}-title" aria-describedby="{anchor}-desc" '
        f'width="{width}" height="{height}" '
        f'viewBox="{-_MARGIN} {-_MARGIN} {width} {height}">',
        f'<title id="{anchor}-title">{escape(title)}</title>',
        f'<desc id="{anchor}-desc">{escape(words)}</desc>',
        f"<style>{_STYLE.replace('#ID', f'#{anchor}')}</style>",
        *(
            f'<path class="{kind}"{ends} d="{"".join(paths[kind, ends])}"/>'
            for kind, ends in sorted(paths, key=lambda path: _DRAWN.index(path[0]))
        ),
        *(
            _draw(
                node,
                layout.boxes[node.key],
                translate,
                key=f' data-node="{node.key}"' if parts else "",
            )
            for node in graph.nodes
        ),
        *outputs,
        "</svg>",
    ]
    return "\n".join(lines)


def _size(node: Node) -> tuple[float, float]:
    if node.kind == "cut":
        return 66 if node.detail else 50, 20
    columns = max(
        sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
        for text in (node.label, node.detail)
    )
    room = 18 if node.kind == "function" else 28
    return max(48, round(columns * _CHARACTER + room)), 40 if node.detail else 26


def _draw(node: Node, box: Box, translate: Translate, *, key: str) -> str:
    x, y, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    centre = x + box.width / 2

    def frame(inset: float, radius: float) -> str:
        return (
            f'<rect class="box" x="{x + inset:g}" y="{y + inset:g}" rx="{radius:g}" '
            f'width="{box.width - 2 * inset:g}" height="{box.height - 2 * inset:g}"/>'
        )

    if node.kind == "cut":
        inputs = " ".join(filter(None, (translate("no grad"), node.detail)))
        return (
            f'<g class="cut"{key}><circle class="box" cx="{centre:g}" cy="{y + 3.5:g}" r="3"/>'
            f'<text class="detail" x="{centre:g}" y="{y + 17:g}">'
            f"{inputs}</text></g>"
        )
    if node.kind in ("saved", "lost"):  # a sheet with a folded corner
        shape = (
            f'<path class="box" d="M{x:g} {y:g}H{right - 8:g}l8 8V{bottom:g}H{x:g}z"/>'
            f'<path class="fold" d="M{right - 8:g} {y:g}v8h8z"/>'
        )
    elif node.kind == "root":
        shape = frame(0, 7) + frame(3, 4)
    else:
        shape = frame(0, 3 if node.kind == "function" else box.height / 2)
    text = f'<text class="label" x="{centre:g}" y="{y + 17:g}">{escape(node.label)}</text>'
    if node.detail:
        fates = {"freed": translate("freed"), "modified in place": translate("modified in place")}
        detail = fates[node.detail] if node.kind == "lost" else escape(node.detail)
        text += f'<text class="detail" x="{centre:g}" y="{y + 32:g}">{detail}</text>'
    return f'<g class="{node.kind}"{key}>{shape}{text}</g>'


def _way(path: tuple[Point, ...], *, head: bool) -> str:
    """Return SVG path data: vertical lines, and curves that begin and end vertically."""
    points = [*path[:-1], (path[-1][0], path[-1][1] - (5 if head else 0))]
    way = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for index, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if index % 2 and x != to_x:
            middle = round((y + to_y) / 2, 1)
            way.append(f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}")
        elif y != to_y:
            way.append(f"V{to_y:g}")
    return "".join(way)
