"""The `{visdom-options}` directive: the measured effect of each option on each method's picture.

The entry of a method in the table links to the column of that method.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.directives.tables import anchor_link
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.translation import say
from torchproof.sphinx_ext.warning_types import Kind, warn
from torchproof.visdom.option_effects import Effect, Trial, due, read_effects, read_trials

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ALONE, TOGETHER, NOTHING = "●", "◐", "–"
_CLASS = "visdom.Visdom"
_TABLES = "tables of options"


class OptionsDirective(SphinxDirective):
    """Show the table of a file of options: a row for each option, a column for each method."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; warn if an option has no current measurement, or no group."""
        (relative,) = self.arguments
        _, name = self.env.relfn2path(relative)
        path = Path(name)
        for source in (path, path.with_suffix(".json")):
            self.env.note_dependency(source)
        trials = read_trials(path)
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
        groups: Mapping[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))["groups"]
        grouped = {option for options in groups.values() for option in options}
        tried = {trial.option for trial in trials}
        if grouped != tried:
            warn(
                Kind.PICTURE,
                f"[groups] of {relative} does not have each option once it is tried, and no "
                f"other: {', '.join(sorted(grouped ^ tried))}",
                location=self.get_location(),
            )
        methods = list(dict.fromkeys(trial.method for trial in trials))
        proof_domain(self.env).of_pages(_TABLES)[self.env.docname] = tuple(methods)
        frame = nodes.container(classes=["option-table"])
        frame += _table(self._heads(methods), self._rows(groups, methods, trials, effects))
        return [frame]

    def _heads(self, methods: Sequence[str]) -> list[nodes.entry]:
        heads = [_cell(nodes.Text(say("option")))]
        for method in methods:
            reference = addnodes.pending_xref(
                *("", nodes.literal("", method, classes=["xref"])),
                refdomain="py",
                reftype="meth",
                reftarget=f"{_CLASS}.{method}",
                refexplicit=True,
                refdoc=self.env.docname,
                refwarn=True,
            )
            cell = _cell(reference, classes=["method"])
            cell["ids"] = [_anchor(method)]
            heads.append(cell)
        return heads

    def _rows(
        self,
        groups: Mapping[str, Sequence[str]],
        methods: Sequence[str],
        trials: Sequence[Trial],
        effects: Mapping[str, Effect],
    ) -> Iterable[list[nodes.entry]]:
        for group, options in groups.items():
            title = _cell(self._prose(group), classes=["group"])
            title["morecols"] = len(methods)
            yield [title]
            for option in options:
                own = [trial for trial in trials if trial.option == option]
                for changes in dict.fromkeys(trial.changes for trial in own):
                    same = {trial.method: trial for trial in own if trial.changes == changes}
                    yield self._row(methods, same, effects)

    def _row(
        self, methods: Sequence[str], own: Mapping[str, Trial], effects: Mapping[str, Effect]
    ) -> list[nodes.entry]:
        """Return the row of an option: its name, use and value, and a sign for each method."""
        first = next(iter(own.values()))
        values: list[nodes.Node] = [nodes.Text(say("tried with")), nodes.Text(" ")]
        values.append(nodes.literal("", first.value))
        if any(effects[t.name].together and not effects[t.name].alone for t in own.values()):
            values += [nodes.Text(say(" with ")), nodes.literal("", first.together)]
        tried = nodes.paragraph("", "", *values, classes=["tried"])
        cells = [_cell(nodes.literal("", first.option), self._prose(first.changes), tried)]
        for method in methods:
            trial = own.get(method)
            shown = "" if trial is None else _sign(effects[trial.name])
            cells.append(_cell(nodes.inline("", shown), classes=["effect"]))
        return cells

    def _prose(self, text: str) -> nodes.paragraph:
        """Return a text of the file as a paragraph of the page, so that it can be translated."""
        paragraph = nodes.paragraph(text, text)
        self.set_source_info(paragraph)
        return paragraph


def draw_options_link(env: BuildEnvironment, docname: str, names: str) -> list[nodes.Node]:
    """Return a line with links from an entry to the columns of its methods; nothing if none."""
    tables: Mapping[str, tuple[str, ...]] = proof_domain(env).of_pages(_TABLES)
    links: list[nodes.Node] = []
    for name in names.split():
        parent, _, method = name.rpartition(".")
        for page, methods in tables.items():
            if parent == _CLASS and method in methods:
                text = say("Options that change the picture of %s") % method
                links.append(anchor_link(docname, page, _anchor(method), [nodes.Text(text)]))
    return [nodes.paragraph("", "", link, classes=["entry-options"]) for link in links]


def _anchor(method: str) -> str:
    return f"options-of-{method.replace('_', '-')}"


def _sign(effect: Effect) -> str:
    return ALONE if effect.alone else TOGETHER if effect.together else NOTHING


def _cell(*content: nodes.Node, classes: Sequence[str] = ()) -> nodes.entry:
    cell = nodes.entry(classes=list(classes))
    inline = [node for node in content if not isinstance(node, nodes.paragraph)]
    if inline:
        cell += nodes.paragraph("", "", *inline)
    cell += [node for node in content if isinstance(node, nodes.paragraph)]
    return cell


def _table(heads: Sequence[nodes.entry], rows: Iterable[Sequence[nodes.entry]]) -> nodes.table:
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", nodes.row("", *heads))
    group += nodes.tbody("", *(nodes.row("", *cells) for cells in rows))
    return nodes.table("", group)


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("visdom-options", OptionsDirective)
