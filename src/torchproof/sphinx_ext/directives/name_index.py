"""The `{names}` directive: all names with an entry, by page or by letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.proving import descriptions_of, proof_of, root_of
from torchproof.sphinx_ext.translation import counted, say

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_FAMILIES = {"nn-module": "nn.Module", "autograd": "Autograd", "visdom": "Visdom"}


@dataclass(frozen=True)
class Listed:
    """A name with the data that the lists show."""

    qualified: str
    kind: str
    family: str
    """Area of the inventory; for a name that is not in it, the folder of its page."""
    listed: bool
    """Whether the name is in the inventory."""
    page: str
    others: tuple[str, ...]
    """Other names of the same object."""

    @property
    def last(self) -> str:
        """Last part of the name."""
        return self.qualified.rpartition(".")[2]

    @property
    def owner(self) -> str:
        """Class or module of the name."""
        return self.qualified.rpartition(".")[0]

    @property
    def inner(self) -> str:
        """Last part of the owner."""
        return self.owner.rpartition(".")[2]

    @property
    def key(self) -> tuple[str, str, str]:
        """Sort key, which ignores leading underscores."""
        return self.last.lstrip("_").lower(), self.last, self.qualified


def listed_names(env: BuildEnvironment) -> list[Listed]:
    """Return the names with an entry, in the order of the pages."""
    descriptions = descriptions_of(env)
    areas = {name.qualified: name.area for name in descriptions.names}
    return [
        Listed(
            qualified=name,
            kind=descriptions.described[name].kind,
            family=areas.get(name, Path(subject.file).parent.name),
            listed=name in areas,
            page=env.path2doc(root_of(env) / subject.file) or "",
            others=tuple(descriptions.aliases.get(name, ())),
        )
        for subject in proof_of(env).found.subjects
        if subject.kind == "entry"
        for name in subject.names
        if name in descriptions.described
    ]


def _fingerprint(env: BuildEnvironment, _: str) -> str:
    return str(listed_names(env))


class NamesDirective(SphinxDirective):
    """List all names by family and page (`pages`) or by letter (`letters`), or show a `filter`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section per family or letter, or the filter."""
        try:
            by = directives.choice(self.arguments[0], ("pages", "letters", "filter"))
        except ValueError as error:
            raise self.error(f"{{names}}: {error}") from None
        if by == "filter":
            return [_filter()]
        depend_on(self.env, _fingerprint)
        names = listed_names(self.env)
        return self._by_page(names) if by == "pages" else self._by_letter(names)

    def _by_page(self, names: Sequence[Listed]) -> list[nodes.Node]:
        present = {name.family for name in names}
        sections: list[nodes.Node] = []
        for family in [
            *(f for f in _FAMILIES if f in present),
            *sorted(present - _FAMILIES.keys()),
        ]:
            own = [name for name in names if name.family == family]
            known = sum(name.listed for name in own)
            section = _section(f"names-{family}", _FAMILIES.get(family, family))
            words = counted("%d name", "%d names", known)
            if known < len(own):
                more = len(own) - known
                words = say("%(names)s and %(more)d that go with them") % {
                    "names": words,
                    "more": more,
                }
            section += nodes.paragraph("", words, classes=["names-count"])
            pages = nodes.definition_list(classes=["names-pages"])
            holding = dict.fromkeys(name.page for name in own)
            # A name may be on a page of another family; that page comes last.
            for page in sorted(holding, key=lambda page: Path(page).parent.name != family):
                item = nodes.definition_list_item()
                item += nodes.term("", "", self._page(page))
                there = sorted((n for n in own if n.page == page), key=lambda n: n.key)
                item += nodes.definition("", self._list(there, with_owner=False))
                pages += item
            section += pages
            sections.append(section)
        return sections

    def _by_letter(self, names: Iterable[Listed]) -> list[nodes.Node]:
        ordered = sorted(names, key=lambda name: name.key)
        letters = [(k, list(g)) for k, g in groupby(ordered, key=lambda n: n.key[0][:1].upper())]
        jump = nodes.paragraph(classes=["names-letters"])
        for letter, _ in letters:
            link = nodes.reference("", letter, refid=f"names-{letter.lower()}", internal=True)
            jump += [link, nodes.Text(" ")]
        sections: list[nodes.Node] = [jump]
        for letter, own in letters:
            section = _section(f"names-{letter.lower()}", letter)
            section += self._list(own, with_owner=True)
            sections.append(section)
        return sections

    def _list(self, names: Iterable[Listed], *, with_owner: bool) -> nodes.bullet_list:
        shown = nodes.bullet_list(classes=["names-full" if with_owner else "names-short"])
        names = list(names)
        last = [name.last for name in names]
        for name in names:
            line = nodes.paragraph()
            alone = with_owner or last.count(name.last) == 1
            line += self._link(name, name.last if alone else f"{name.inner}.{name.last}")
            if with_owner:
                line += nodes.Text(" ")
                line += nodes.inline(
                    "", say("%s of %s") % (name.kind, name.owner), classes=["names-owner"]
                )
                line += nodes.Text(" ")
                line += nodes.inline("", "", self._page(name.page), classes=["names-page"])
            if with_owner and name.others:
                line += nodes.Text(" ")
                also = say("the same as %s") % ", ".join(name.others)
                line += nodes.inline("", also, classes=["names-also"])
            shown += nodes.list_item("", line)
        return shown

    def _link(self, name: Listed, text: str) -> nodes.Node:
        reference = addnodes.pending_xref(
            "", refdomain="py", reftype="obj", reftarget=name.qualified, refexplicit=True
        )
        reference["refdoc"] = self.env.docname
        reference["refwarn"] = True
        reference += nodes.literal("", text, classes=["xref"])
        return reference

    def _page(self, docname: str) -> nodes.Node:
        reference = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{docname}", refexplicit=False
        )
        reference["refdoc"] = self.env.docname
        reference["refwarn"] = True
        reference += nodes.inline("", docname)
        return reference


def _filter() -> nodes.raw:
    """Return the input for names.js; CSS hides it if scripting is off."""
    label, found = escape(say("Filter")), escape(say("%s found"))
    return nodes.raw(
        "",
        f'<p class="names-filter" data-found="{found}"><label for="names-filter">{label}</label>'
        '<input id="names-filter" type="search" autocomplete="off" spellcheck="false" '
        'placeholder="zero_grad, torch.autograd, visdom"><output for="names-filter"></output></p>',
        format="html",
    )


def _section(anchor: str, title: str) -> nodes.section:
    section = nodes.section(ids=[anchor])
    section += nodes.title("", title)
    return section


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("names", NamesDirective)
