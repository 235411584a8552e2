"""An extension for one site of the tests: it writes down what Sphinx shows of itself in a build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FACTS: dict[str, Any] = {"nodes": {}, "drawn": [], "contexts": {}}


class ProbeDirective(SphinxDirective):
    """Uses what the directives of ours use, and notes what came of it."""

    def run(self) -> list[nodes.Node]:
        """Count itself on its page, and put a signature there."""
        before = int(self.env.temp_data.get("probe") or 0)
        self.env.temp_data["probe"] = before + 1
        FACTS.setdefault("counted", []).append((self.env.docname, before))
        line = addnodes.desc_signature(ids=["target"])
        self.state.document.note_explicit_target(line)
        FACTS["ids"] = self.state.document.ids.get("target") is line
        line += addnodes.desc_name("", "a name")
        head = addnodes.desc(domain="py", objtype="entry", no_index=True)
        head += [line, addnodes.desc_content()]
        self.env.domains.standard_domain.labels["own label"] = (self.env.docname, "target", "Own")
        return [head]


def _visit(self: HTML5Translator, node: nodes.literal_block) -> None:
    before = len(self.body)
    try:
        HTML5Translator.visit_literal_block(self, node)
    except nodes.SkipNode:
        FACTS["drawn"].append((len(self.body) - before, self.body[-1], node.get("testnodetype")))
        raise


def _depart(self: HTML5Translator, node: nodes.literal_block) -> None:
    HTML5Translator.depart_literal_block(self, node)


def _begin(app: Sphinx) -> None:
    FACTS["search"] = getattr(app.builder, "search", None)
    FACTS["parallel"] = app.parallel


def _resolved(_: Sphinx, doctree: nodes.document, docname: str) -> None:
    found: dict[str, list[dict[str, str]]] = {}
    for node in doctree.findall(nodes.Element):
        kind, data = type(node).__name__, dict(node.attributes)
        found.setdefault(kind, []).append({k: repr(v) for k, v in data.items()})
    FACTS["nodes"][docname] = found


def _context(
    _: Sphinx, page: str, __: str, context: dict[str, Any], ___: nodes.document | None
) -> None:
    names = ("metatags", "prev", "next", "page_source_suffix", "theme_source_directory", "body")
    facts: dict[str, Any] = {name: repr(context.get(name, "absent")) for name in names}
    for files in ("css_files", "script_files"):
        facts[files] = [str(getattr(file, "filename", file)) for file in context[files]]
    FACTS["contexts"][page] = facts


def _end(app: Sphinx, _: Exception | None) -> None:
    env = app.env
    FACTS["images"] = app.builder.images
    FACTS["toctree_includes"] = env.toctree_includes
    tree = next(iter(env.get_doctree("index").findall(addnodes.toctree)))
    FACTS["toctree"] = {"caption": tree.get("caption"), "includefiles": tree["includefiles"]}
    Path(app.outdir, "facts.json").write_text(json.dumps(FACTS), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Look at each step; what is drawn is drawn as ever."""
    app.add_directive("probe", ProbeDirective)
    app.add_node(nodes.literal_block, override=True, html=(_visit, _depart))
    app.connect("builder-inited", _begin)
    app.connect("doctree-resolved", _resolved, priority=999)
    app.connect("html-page-context", _context, priority=10)
    app.connect("build-finished", _end)
