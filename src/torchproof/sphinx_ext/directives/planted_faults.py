"""Planted faults on pages: the line of an entry, `{survivors}` and `{fault-totals}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from torchproof.mutants.recorded import Recorded
from torchproof.mutants.results import Area, Result
from torchproof.mutants.score import Score, score
from torchproof.sphinx_ext.directives.tables import row, table
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.proving import site_of
from torchproof.sphinx_ext.translation import counted, say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_PAGES = "survivors"


class SurvivorsDirective(SphinxDirective):
    """List the faults that no example noticed, by area and entry."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder; entries link to this page."""
        proof_domain(self.env).of_pages(_PAGES)[self.env.docname] = True
        return [place(draw_survivors)]


class FaultTotalsDirective(SphinxDirective):
    """Show how many planted faults were caught, by area."""

    def run(self) -> list[nodes.Node]:
        """Return a placeholder for the table."""
        return [place(draw_totals)]


def draw_faults(env: BuildEnvironment, docname: str, names: str) -> list[nodes.Node]:
    """Return the line of an entry; nothing if no fault of its names was tried."""
    own = site_of(env).faults.score_of(names.split())
    if not own.counted:
        return []
    line = nodes.paragraph(classes=["planted-faults"])
    line += nodes.Text(
        say("%(caught)d of %(all)d planted faults caught")
        % {"caught": own.caught, "all": own.counted}
    )
    if own.survivors:
        line += nodes.Text(" · ")
        number = len(own.survivors)
        text = counted("%d that no example notices", "%d that no example notices", number)
        line += _link(docname, own.survivors[0].name, text)
    if own.untried:
        line += nodes.Text(" · ")
        line += nodes.Text(say("%d not tried yet") % own.untried)
    return [line]


def draw_totals(env: BuildEnvironment, _: str, __: str) -> list[nodes.Node]:
    """Return a row for each area."""
    recorded = site_of(env).faults
    if not recorded.areas:
        return [_nothing()]
    head = [
        *("", say("caught"), say("of those tried"), say("not noticed")),
        *(say("equivalent"), say("not tried yet")),
    ]
    rows = [_total(area, score(area, recorded.equivalents)) for area in recorded.areas]
    return [table(head, rows, classes=["fault-totals"])]


def draw_survivors(env: BuildEnvironment, docname: str, _: str) -> list[nodes.Node]:
    """Return the survivors of each area by name, as diffs."""
    recorded = site_of(env).faults
    if not recorded.areas:
        return [_nothing()]
    shown: list[nodes.Node] = []
    for area in recorded.areas:
        whole = score(area, recorded.equivalents)
        shown.append(nodes.rubric("", _label(area.name), ids=[f"survivors-in-{area.name}"]))
        shown.append(nodes.paragraph("", _in_words(whole)))
        by_name: dict[str, list[Result]] = {}
        for result in whole.survivors:
            by_name.setdefault(result.name, []).append(result)
        shown += [_of_name(docname, recorded, name, by_name[name]) for name in sorted(by_name)]
    return shown


def _of_name(
    docname: str, recorded: Recorded, name: str, survivors: Sequence[Result]
) -> nodes.Node:
    own = recorded.score_of([name])
    part = nodes.container(ids=[_anchor(name)], classes=["survivors"])
    entry = addnodes.pending_xref(
        "", nodes.literal("", name), refdomain="py", reftype="obj", reftarget=name, refwarn=False
    )
    entry["refdoc"] = docname
    entry["survivor"] = True
    said = f": {_in_words(own)}"
    part += nodes.paragraph("", "", entry, nodes.Text(said))
    diff = "\n".join(map(_diff, survivors))
    part += nodes.literal_block(diff, diff, language="diff")
    return part


def _diff(result: Result) -> str:
    unseen = say("no example runs it")
    lines = [f"@@ {result.place} {result.kind} @@"]
    if result.status == "unreached":
        lines = [f"@@ {result.place} {result.kind} ({unseen}) @@"]
    lines += [f"-{line}" for line in _cut(result.before)]
    lines += [f"+{line}" for line in _cut(result.after)]
    return "\n".join(lines)


def _cut(text: str) -> list[str]:
    return [line if len(line) <= 240 else f"{line[:240]}…" for line in text.splitlines()]


def _in_words(own: Score) -> str:
    return say("%(caught)d of %(all)d planted faults caught") % {
        "caught": own.caught,
        "all": own.counted,
    }


def _total(area: Area, whole: Score) -> nodes.row:
    numbers = (len(whole.survivors), whole.equivalent, whole.untried)
    caught = f"{whole.caught:,} ({whole.percent:.1f} %)"
    cells = [_label(area.name), caught, f"{whole.counted:,}", *(f"{n:,}" for n in numbers)]
    return row(cells)


def _label(area: str) -> str:
    labels = {
        "nn-module": "nn.Module",
        "autograd": say("Autograd"),
        "visdom": say("Visdom, client"),
        "visdom-server": say("Visdom, server"),
        "front-end": say("Visdom, front end"),
    }
    return labels.get(area, area)


def _nothing() -> nodes.Node:
    return nodes.paragraph("", say("No faults have been planted yet."))


def _anchor(name: str) -> str:
    # As it is: `nodes.make_id` makes one of `Tensor.grad` and `Tensor._grad`.
    return f"survivors-{name}"


def _link(docname: str, name: str, text: str) -> addnodes.pending_xref:
    link = addnodes.pending_xref(
        "", nodes.inline("", text), refdomain="proof", reftype="survivors", reftarget=name
    )
    link["refdoc"] = docname
    return link


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Link to the survivors of a name; on a site without that page, and to no entry, just text."""
    if node.get("survivor"):
        return content
    if node.get("reftype") != "survivors":
        return None
    page = next(iter(sorted(proof_domain(env).of_pages(_PAGES))), None)
    if page is None:
        return content
    return make_refnode(app.builder, node["refdoc"], page, _anchor(node["reftarget"]), content)


def setup(app: Sphinx) -> None:
    """Register the directives and the resolver."""
    app.add_directive("survivors", SurvivorsDirective)
    app.add_directive("fault-totals", FaultTotalsDirective)
    # After the domain's own resolver, which knows the entries.
    app.connect("missing-reference", _resolve, priority=600)
