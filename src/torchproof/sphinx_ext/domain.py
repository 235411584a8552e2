"""Entries as targets of links.

Pages and scripts refer to entries with the Python roles. The entries are objects of a domain of
their own, so that the published objects.inv does not claim torch's names for this site.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.util.nodes import make_refnode

from torchproof.sphinx_ext.site import Site

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class ProofDomain(Domain):
    """Entries of this site, by public name."""

    name = "proof"
    label = "Torchproof"
    object_types: ClassVar = {"entry": ObjType("entry")}
    initial_data: ClassVar[dict[str, Any]] = {"entries": {}, "subjects": {}, "of_pages": {}}
    data_version = 3
    site: Site
    """Known from `builder-inited` on. Each process makes its own: domains are not pickled."""
    shown: dict[str, str]
    """Digest of what the records say on each page; known from `env-updated` on."""
    written: set[str]
    """Pages with something of the records that this build has drawn; from `env-updated` on."""

    @property
    def entries(self) -> dict[str, tuple[str, str]]:
        """Public name to page and anchor."""
        entries: dict[str, tuple[str, str]] = self.data["entries"]
        return entries

    @property
    def subjects(self) -> dict[str, tuple[str, str]]:
        """Subject id to page and anchor."""
        subjects: dict[str, tuple[str, str]] = self.data["subjects"]
        return subjects

    def of_pages(self, part: str) -> dict[str, Any]:
        """Return what a part keeps of each page, by page.

        It is forgotten when the page is read again, and goes on where pages are read in parallel.
        """
        kept: dict[str, Any] = self.data["of_pages"].setdefault(part, {})
        return kept

    def note_subject(self, subject: str, anchor: str) -> None:
        """Remember that the page being read has the section of a subject."""
        self.subjects[subject] = (self.env.docname, anchor)

    def note_entry(self, name: str, anchor: str) -> None:
        """Remember that the page being read has the entry of a name."""
        self.entries[name] = (self.env.docname, anchor)
        # Other sites know no `proof` domain; from there an entry is `{external+key:ref}`.
        self.env.domains.standard_domain.labels[name] = (self.env.docname, anchor, name)

    def clear_doc(self, docname: str) -> None:
        """Forget what is known of a page."""
        for places in (self.entries, self.subjects):
            for name in [name for name, (doc, _) in places.items() if doc == docname]:
                del places[name]
        for pages in self.data["of_pages"].values():
            pages.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel reader found."""
        for places, others in (
            (self.entries, otherdata["entries"]),
            (self.subjects, otherdata["subjects"]),
        ):
            places.update({name: place for name, place in others.items() if place[0] in docnames})
        for part, pages in otherdata["of_pages"].items():
            own = self.of_pages(part)
            own.update({doc: kept for doc, kept in pages.items() if doc in docnames})

    def resolve_any_xref(self, *_: object, **__: object) -> list[tuple[str, nodes.reference]]:
        """Resolve nothing: entries are referred to with the Python roles."""
        return []

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Yield the entries for the search and for objects.inv."""
        for name, (doc, anchor) in sorted(self.entries.items()):
            yield name, name, "entry", doc, anchor, 1


def proof_domain(env: BuildEnvironment) -> ProofDomain:
    """Return the domain of a build."""
    domain = env.domains["proof"]
    assert isinstance(domain, ProofDomain)
    return domain


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Resolve a Python role to our entry of that name.

    A name of the inventory whose area is under construction is text until its entry stands.
    """
    domain = proof_domain(env)
    target = node["reftarget"]
    if node.get("reftype") == "subject" and target in domain.subjects:
        doc, anchor = domain.subjects[target]
        return make_refnode(app.builder, node["refdoc"], doc, anchor, content)
    if node.get("refdomain") != "py":
        return None
    if target in domain.entries:
        doc, anchor = domain.entries[target]
        return make_refnode(app.builder, node["refdoc"], doc, anchor, content, target)
    building = app.config.torchproof_construction
    names = domain.site.descriptions.names
    if any(name.qualified == target and name.area in building for name in names):
        return content
    return None


def setup(app: Sphinx) -> None:
    """Register the domain and the resolver."""
    app.add_domain(ProofDomain)
    app.connect("missing-reference", _resolve)
