"""The `{visdom-options}` directive: the measured effect of each option on each pane's picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.translation import say
from torchproof.sphinx_ext.warning_types import Kind, warn
from torchproof.visdom.option_effects import Effect, Trial, due, read_effects, read_trials

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ALONE, TOGETHER, NOTHING = "●", "◐", "–"


class OptionsDirective(SphinxDirective):
    """Show a table from a file of options: the generic ones, or those of single methods."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the table; warn if an option has no current measurement."""
        relative, kind = self.arguments
        _, name = self.env.relfn2path(relative)
        path = Path(name)
        for source in (path, path.with_suffix(".json")):
            self.env.note_dependency(source)
        trials = [t for t in read_trials(path) if t.generic is (kind == "generic")]
        effects = read_effects(path.with_suffix(".json"))
        missing = due(trials, effects)
        if missing:
            names = ", ".join(trial.name for trial in missing[:3])
            warn(
                Kind.PICTURE,
                f"{len(missing)} options were not measured as they stand ({names}): run "
                f"python -m torchproof.visdom.option_effects {relative} beside this page",
                location=self.get_location(),
            )
            return []
        table = self._generic if kind == "generic" else self._own
        frame = nodes.container(classes=["option-table", kind])
        frame += table(trials, effects)
        return [frame]

    def _generic(self, trials: Sequence[Trial], effects: dict[str, Effect]) -> nodes.table:
        methods = list(dict.fromkeys(trial.method for trial in trials))
        rows: list[list[list[nodes.Node]]] = []
        for option in dict.fromkeys(trial.option for trial in trials):
            own = [trial for trial in trials if trial.option == option]
            cells: list[list[nodes.Node]] = [[_sign(effects[trial.name])] for trial in own]
            rows.append([[nodes.literal("", option)], *cells])
        return _table([[nodes.Text(say("option"))], *([self._method(m)] for m in methods)], rows)

    def _own(self, trials: Sequence[Trial], effects: dict[str, Effect]) -> nodes.table:
        rows: list[list[list[nodes.Node]]] = []
        for before, trial in zip([None, *trials], trials, strict=False):
            same = before is not None and before.method == trial.method
            effect = effects[trial.name]
            shown: list[nodes.Node] = [_sign(effect)]
            if effect.together and not effect.alone:
                shown += [nodes.Text(say(" with ")), nodes.literal("", trial.together)]
            rows.append(
                [
                    [] if same else [self._method(trial.method)],
                    [nodes.literal("", trial.option)],
                    [self._prose(trial.changes)],
                    [nodes.literal("", trial.value)],
                    shown,
                ]
            )
        heads = [
            say("method"),
            say("option"),
            say("it is for"),
            say("tried with"),
            say("changes the picture"),
        ]
        return _table([[nodes.Text(head)] for head in heads], rows)

    def _prose(self, text: str) -> nodes.paragraph:
        """Return a text of the file as a paragraph of the page, so that it can be translated."""
        paragraph = nodes.paragraph(text, text)
        self.set_source_info(paragraph)
        return paragraph

    def _method(self, method: str) -> nodes.Node:
        target = f"visdom.Visdom.{method}"
        reference = addnodes.pending_xref(
            "", refdomain="py", reftype="meth", reftarget=target, refexplicit=True
        )
        reference["refdoc"] = self.env.docname
        reference["refwarn"] = True
        reference += nodes.literal("", method, classes=["xref"])
        return reference


def _sign(effect: Effect) -> nodes.Node:
    sign = ALONE if effect.alone else TOGETHER if effect.together else NOTHING
    return nodes.inline("", sign, classes=["effect"])


def _table(
    heads: Sequence[Sequence[nodes.Node]], rows: Iterable[Sequence[Sequence[nodes.Node]]]
) -> nodes.table:
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(heads)
    for row in rows:
        body += _row(row)
    group += [head, body]
    table = nodes.table()
    table += group
    return table


def _row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        prose = len(cell) == 1 and isinstance(cell[0], nodes.paragraph)
        entry += cell[0] if prose else nodes.paragraph("", "", *cell)
        row += entry
    return row


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("visdom-options", OptionsDirective)
