"""The Sphinx domain whose objects are the entries, as link targets.

Pages and scripts link to entries with the Python roles. Entries have their own domain, so that the
published objects.inv does not claim torch's names for this site.
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
    """The entries of this site, by public name, and data of the extension's parts by page."""

    name = "proof"
    label = "Torchproof"
    object_types: ClassVar = {"entry": ObjType("entry")}
    initial_data: ClassVar[dict[str, Any]] = {"entries": {}, "subjects": {}, "of_pages": {}}
    data_version = 3
    site: Site
    """Set at `builder-inited`, and never pickled."""
    shown: dict[str, str]
    """Digest of the placeholders' content by page; set at `env-updated`."""
    written: set[str]
    """Pages that this build has written; reset at `env-updated`."""

    @property
    def entries(self) -> dict[str, tuple[str, str]]:
        """Page and anchor of each entry, by public name."""
        entries: dict[str, tuple[str, str]] = self.data["entries"]
        return entries

    @property
    def subjects(self) -> dict[str, tuple[str, str]]:
        """Page and anchor of each subject, by its id."""
        subjects: dict[str, tuple[str, str]] = self.data["subjects"]
        return subjects

    def of_pages(self, part: str) -> dict[str, Any]:
        """Return the data that a part of the extension stores per page.

        The data of a page is cleared when the page is read again, and merged after parallel reads.
        """
        kept: dict[str, Any] = self.data["of_pages"].setdefault(part, {})
        return kept

    def note_subject(self, subject: str, anchor: str) -> None:
        """Store the current page and an anchor as the place of a subject."""
        self.subjects[subject] = (self.env.docname, anchor)

    def note_entry(self, name: str, anchor: str) -> None:
        """Store the current page and an anchor as the place of a name's entry."""
        self.entries[name] = (self.env.docname, anchor)
        # Other sites lack the `proof` domain; they link to an entry with `{external+key:ref}`.
        self.env.domains.standard_domain.labels[name] = (self.env.docname, anchor, name)

    def clear_doc(self, docname: str) -> None:
        """Remove the data of a page."""
        for places in (self.entries, self.subjects):
            for name in [name for name, (doc, _) in places.items() if doc == docname]:
                del places[name]
        for pages in self.data["of_pages"].values():
            pages.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Merge the data of a parallel reader."""
        for places, others in (
            (self.entries, otherdata["entries"]),
            (self.subjects, otherdata["subjects"]),
        ):
            places.update({name: place for name, place in others.items() if place[0] in docnames})
        for part, pages in otherdata["of_pages"].items():
            own = self.of_pages(part)
            own.update({doc: kept for doc, kept in pages.items() if doc in docnames})

    def resolve_any_xref(self, *_: object, **__: object) -> list[tuple[str, nodes.reference]]:
        """Resolve nothing: links to entries use the Python roles."""
        return []

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Yield the entries for objects.inv."""
        for name, (doc, anchor) in sorted(self.entries.items()):
            yield name, name, "entry", doc, anchor, 1


def proof_domain(env: BuildEnvironment) -> ProofDomain:
    """Return the `proof` domain of a build."""
    domain = env.domains["proof"]
    assert isinstance(domain, ProofDomain)
    return domain


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Element | None:
    """Resolve a Python role to its entry, a subject link to its section, and a place to itself.

    A name in an area under construction is plain text until it has an entry.
    """
    domain = proof_domain(env)
    target = node["reftarget"]
    if node.get("reftype") == "subject" and target in domain.subjects:
        doc, anchor = domain.subjects[target]
        return make_refnode(app.builder, node["refdoc"], doc, anchor, content)
    if node.get("reftype") == "anchor":
        doc, _, anchor = target.partition("#")
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
