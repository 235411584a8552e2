"""The `{visdom-page}` directive: a picture of Visdom's whole page with numbered parts."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from torchproof.panes.label_places import label_places, leader
from torchproof.panes.page_pictures import PLACE, Measured
from torchproof.sphinx_ext.page_pictures import REDRAW, page_pictures
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import SphinxTranslator
    from sphinx.util.typing import OptionSpec
    from sphinx.writers.html5 import HTML5Translator


class visdom_page(nodes.General, nodes.Element):  # noqa: N801 - docutils names its nodes like this
    """A picture of a page; `size` and `boxes` are those of its labelled parts, in CSS pixels."""


class VisdomPageDirective(SphinxDirective):
    """A picture of the page; the content is an ordered list with an item for each number."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "alt": directives.unchanged_required,
        "unlabelled": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the picture and its legend; warn if they do not match."""
        name = self.arguments[0]
        pictures = page_pictures(self.env.srcdir)
        if name not in pictures.names():
            known = ", ".join(pictures.names()) or "none"
            folder = f"{self.env.srcdir.name}/{PLACE.as_posix()}"
            self._warn(f"no scenario {folder}/{name}.py; there are: {known}")
            return []
        for path in (pictures.png(name), pictures.data(name)):
            self.env.note_dependency(str(path))
        legend = self.parse_content_to_nodes()
        try:
            measured = pictures.measured(name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            measured = None
        if measured is None or not pictures.png(name).is_file():
            self._warn(f"no picture of the page `{name}`: {REDRAW}, draws it")
            return legend
        if not self.options.get("alt"):
            self._warn(f"the picture of the page `{name}` needs an `:alt:` that describes it")
        return [self._picture(name, measured), *self._checked(legend, measured)]

    def _picture(self, name: str, measured: Measured) -> visdom_page:
        labelled = "unlabelled" not in self.options
        picture = visdom_page(
            "",
            size=measured.size,
            boxes=list(measured.parts.values()) if labelled else [],
        )
        uri = f"/{page_pictures('').png(name).as_posix()}"
        alt = self.options.get("alt", "")
        picture += nodes.image(uri=uri, alt=alt, width=f"{measured.size[0]}px")
        self.set_source_info(picture)
        return picture

    def _checked(self, legend: list[nodes.Node], measured: Measured) -> list[nodes.Node]:
        if "unlabelled" in self.options:
            return legend
        lists = [node for node in legend if isinstance(node, nodes.enumerated_list)]
        items = len(lists[0].children) if len(lists) == 1 else 0
        if items != len(measured.parts):
            self._warn(
                f"the legend of `{self.arguments[0]}` has {items} items, for the "
                f"{len(measured.parts)} parts that LABELS names: {', '.join(measured.parts)}; "
                "write one ordered list, or `:unlabelled:`"
            )
        for found in lists:
            found["classes"].append("visdom-page-legend")
        return legend

    def _warn(self, message: str) -> None:
        warn(Kind.PICTURE, message, location=self.get_location())


def _visit(self: HTML5Translator, node: visdom_page) -> None:
    self.body.append(f'<div class="visdom-page" style="max-width: {node["size"][0]}px">\n')


def _depart(self: HTML5Translator, node: visdom_page) -> None:
    (width, height), boxes = node["size"], node["boxes"]

    def placed(**lengths: float) -> str:
        # Left and width are shares of the picture's width, top and height of its height.
        across = {"left", "width"}
        shares = {n: at / (width if n in across else height) for n, at in lengths.items()}
        return escape("; ".join(f"{name}: {share:.2%}" for name, share in shares.items()))

    places = label_places((width, height), boxes)
    for box, place in zip(boxes, places, strict=True):
        style = placed(left=box[0], top=box[1], width=box[2], height=box[3])
        self.body.append(f'<span class="visdom-page-part" style="{style}"></span>\n')
        if line := leader(place, box):
            style = placed(left=place[0], top=line[0], height=line[1])
            self.body.append(f'<span class="visdom-page-line" style="{style}"></span>\n')
    for number, (left, top) in enumerate(places, 1):
        style = placed(left=left, top=top)
        said = f'<span class="visdom-page-number" style="{style}" aria-hidden="true">'
        self.body.append(f"{said}{number}</span>\n")
    self.body.append("</div>\n")


def _pass(_: SphinxTranslator, __: nodes.Element) -> None:
    """Write the picture alone: what is no HTML shows no numbers on it."""


def setup(app: Sphinx) -> None:
    """Register the node and the directive."""
    plain = (_pass, _pass)
    app.add_node(
        visdom_page, html=(_visit, _depart), latex=plain, text=plain, man=plain, texinfo=plain
    )
    app.add_directive("visdom-page", VisdomPageDirective)
