"""The `{explained}` and `{reported}` directives, and the check that binds statements to blocks."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.statement_counts import note_counts
from torchproof.sphinx_ext.translation import say, translate
from torchproof.sphinx_ext.warning_types import Kind, warn
from torchproof.statements.binding import Standing, read_statements

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class ExplainedDirective(SphinxDirective):
    """Text that claims nothing of the library: advice, the meaning of words, what to read."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the content as it is."""
        self.assert_has_content()
        return self.parse_content_to_nodes()


class ReportedDirective(SphinxDirective):
    """What cannot be run here; the argument names the source."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a box with a title and the source below the content."""
        self.assert_has_content()
        box = nodes.admonition(classes=["reported"])
        box += nodes.title("", say("Reported, not run here"), translatable=False)
        box += self.parse_content_to_nodes()
        source = nodes.paragraph(classes=["reported-source"], translatable=False)
        source += nodes.Text(say("Source: "))
        named = self.arguments[0]
        inline, messages = self.parse_inline(named, lineno=self.lineno)
        bare = named.startswith("https://") and " " not in named
        source += nodes.reference("", named, refuri=named) if bare else inline
        box += source
        self.set_source_info(box)
        return [box, *messages]


def _check(app: Sphinx, document: nodes.document) -> None:
    """Warn of statements that no block proves; store the numbers of the page and show them."""
    env = app.env
    docname = env.docname
    if not any(fnmatch(docname, pattern) for pattern in app.config.torchproof_statements):
        return
    found = read_statements(env.doc2path(docname).read_text(encoding="utf-8"))
    for fault in found.faults:
        warn(Kind.STATEMENT, fault.message, location=(docname, fault.line))
    numbers = {standing.value: found.number(standing) for standing in Standing}
    note_counts(env, numbers)
    first = next(iter(document.findall(nodes.section)), None)
    if first is not None:
        first += _numbers(numbers)


def _numbers(numbers: dict[str, int]) -> nodes.paragraph:
    """Return the line at the end of a page."""
    line = nodes.paragraph(classes=["page-statements"], translatable=False)
    line += nodes.Text(
        translate(
            "Statements on this page: %s proven by the block after them, %s linked to their proof, "
            "%s reported, %s explained.",
            *(str(numbers[standing.value]) for standing in Standing),
        )
    )
    return line


def setup(app: Sphinx) -> None:
    """Register the directives and the check."""
    app.add_config_value("torchproof_statements", [], "env", types=frozenset({list, tuple}))
    app.add_directive("explained", ExplainedDirective)
    app.add_directive("reported", ReportedDirective)
    app.connect("doctree-read", _check)
