"""Convert a page's resolved doctree to plain Markdown, for use without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes

from torchproof.sphinx_ext.drawings import drawing, drawing_markdown
from torchproof.sphinx_ext.folds import fold, title_of

_SKIPPED = (nodes.comment, nodes.substitution_definition, nodes.target, addnodes.index)
_SKIPPED_CLASSES = {"sphx-glr-download-link-note"}


class MarkdownText:
    """Converter for one page; `root` leads from its folder to the site's root, like `../../`."""

    def __init__(self, *, root: str) -> None:
        self.root = root

    def of(self, node: nodes.Node, depth: int = 0) -> str:
        """Return a node as Markdown; `depth` is the number of sections around it."""
        if isinstance(node, nodes.document):
            return f"{self._blocks(node.children, 0)}\n"
        if isinstance(node, _SKIPPED) or _SKIPPED_CLASSES & set(
            getattr(node, "attributes", {}).get("classes", ())
        ):
            return ""
        match node:
            case nodes.section():
                return self._blocks(node.children, depth + 1)
            case nodes.title():
                return f"{'#' * max(depth, 1)} {self._inline(node)}"
            case nodes.literal_block() | nodes.doctest_block():
                return _fence(node)
            case nodes.paragraph() | addnodes.compact_paragraph() | nodes.term():
                return self._inline(node).strip()
            case nodes.bullet_list() | nodes.enumerated_list():
                return self._list(node, depth)
            case nodes.table():
                return self._table(node)
            case addnodes.desc():
                return self._blocks(node.children, depth)
            case addnodes.desc_signature():
                return self._signature(node)
            case nodes.Element() if isinstance(node, nodes.Admonition | nodes.block_quote):
                return self._quote(node, depth)
            case fold():
                return f"**{title_of(node)[0]}**\n\n{self._blocks(node.children, depth)}"
            case drawing():
                return drawing_markdown(node)
            case nodes.raw():
                return ""
            case nodes.image() | nodes.reference():
                return self._inline_of(node)
            case nodes.transition():
                return "---"
            case nodes.Text():
                return node.astext().strip()
        if type(node).__name__ == "imgsgnode":
            return self._image(node)
        return self._blocks(node.children, depth)

    def _blocks(self, children: Iterable[nodes.Node], depth: int) -> str:
        return "\n\n".join(filter(None, (self.of(child, depth) for child in children)))

    def _inline(self, node: nodes.Node) -> str:
        return "".join(self._inline_of(child) for child in node.children)

    def _inline_of(self, node: nodes.Node) -> str:
        match node:
            case nodes.Text():
                return node.astext()
            case nodes.literal():
                fence = "``" if "`" in node.astext() else "`"
                return f"{fence}{node.astext()}{fence}"
            case nodes.emphasis():
                return f"*{self._inline(node)}*"
            case nodes.strong():
                return f"**{self._inline(node)}**"
            case addnodes.download_reference() if "filename" in node:
                return f"[{node.astext()}]({self.root}_downloads/{node['filename']})"
            case nodes.reference():
                return f"[{self._inline(node)}]({_address(node)})"
            case nodes.image():
                return self._image(node)
            case nodes.raw() | nodes.target():
                return ""
            case nodes.inline() if "verdict-count" in node["classes"]:
                return f" · {node.astext()}"
        return self._inline(node)

    def _image(self, node: nodes.Node) -> str:
        assert isinstance(node, nodes.Element)
        if not node.get("alt"):
            return ""
        name = node["uri"].rpartition("/")[2]
        return f"![{node['alt']}]({self.root}_images/{name})"

    def _signature(self, node: addnodes.desc_signature) -> str:
        parts = [
            f"({', '.join(parameter.astext() for parameter in child)})"
            if isinstance(child, addnodes.desc_parameterlist)
            else child.astext()
            for child in node.children
            if not isinstance(child, nodes.reference | nodes.inline)
            or isinstance(child, addnodes.desc_returns | addnodes.desc_name | addnodes.desc_addname)
        ]
        signature = "".join(parts)
        links = [self._inline_of(child) for child in node.findall(nodes.reference)]
        return " ".join([f"`{signature}`", *links])

    def _list(self, node: nodes.Element, depth: int) -> str:
        items = []
        for number, item in enumerate(node.children, 1):
            bullet = f"{number}." if isinstance(node, nodes.enumerated_list) else "-"
            joined = "\n".join if _is_tight(item) else "\n\n".join
            text = joined(filter(None, (self.of(child, depth) for child in item.children)))
            items.append(f"{bullet} {_indented(text, ' ' * (len(bullet) + 1))}")
        return "\n".join(items)

    def _table(self, node: nodes.table) -> str:
        rows = [
            [_cell(self._blocks(entry.children, 0)) for entry in row.children]
            for row in node.findall(nodes.row)
        ]
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        lines.insert(1, "|" + "---|" * len(rows[0]))
        return "\n".join(lines)

    def _quote(self, node: nodes.Element, depth: int) -> str:
        titles = [child for child in node.children if isinstance(child, nodes.title)]
        named = not isinstance(node, nodes.admonition | nodes.block_quote)
        head = [f"**{title.astext()}**" for title in titles]
        head = head or ([f"**{type(node).__name__.capitalize()}**"] if named else [])
        rest = self._blocks((child for child in node.children if child not in titles), depth)
        text = "\n\n".join([*head, rest])
        return "> " + _indented(text, "> ").replace("> \n", ">\n")


def _address(node: nodes.reference) -> str:
    if "refuri" not in node:
        return f"#{node.get('refid', '')}"
    address: str = node["refuri"]
    if node.get("internal"):
        # Link to the Markdown version of the other page.
        return re.sub(r"\.html(?=#|$)", ".md", address)
    return address


def _fence(node: nodes.Element) -> str:
    language = str(node.get("language", ""))
    language = {"pycon": "python", "Python": "python", "none": "", "default": ""}.get(
        language, language
    )
    text = node.astext()
    marks = "```"
    while marks in text:
        marks += "`"
    return f"{marks}{language}\n{text}\n{marks}"


def _is_tight(item: nodes.Node) -> bool:
    return all(
        isinstance(child, nodes.paragraph | nodes.bullet_list | nodes.enumerated_list)
        for child in item.children
    )


def _indented(text: str, indent: str) -> str:
    return text.replace("\n", f"\n{indent}")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
