"""The `{entry}` directive: signatures, source links and verdict; scripts and upstream below."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from torchproof.api.descriptions import split_parameters
from torchproof.api.inventory import Description
from torchproof.finding.subjects import Marks, Subject
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.directives.planted_faults import draw_faults
from torchproof.sphinx_ext.directives.verdict import draw_verdict
from torchproof.sphinx_ext.directives.visdom_options import draw_options_link
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.placeholders import place
from torchproof.sphinx_ext.proving import descriptions_of, scripts_for, subjects_of
from torchproof.sphinx_ext.script_pages import thumbnail_of
from torchproof.sphinx_ext.translation import say, say_marks
from torchproof.sphinx_ext.warning_types import Kind, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import OptionSpec


class entry_footer(nodes.container):  # noqa: N801 - docutils names its nodes like this
    """The footer of an entry; `sections` moves it to the end of the section."""


class EntryDirective(SphinxDirective):
    """Introduce an entry by the public names that it documents."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[OptionSpec] = {
        "only": directives.unchanged,
        "because": directives.unchanged,
        "needs": directives.unchanged,
        "timeout": directives.unchanged,
        "since": directives.unchanged,
        "until": directives.unchanged,
        "python": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the head and the footer of the entry."""
        names = self.arguments[0].split()
        described = [self._describe(name) for name in names]
        known = [d for d in described if d is not None]
        head = addnodes.desc(domain="py", objtype="entry", no_index=True, classes=["py", "entry"])
        for description in known:
            head += self._signature(description)
        depend_on(self.env, _fingerprint)
        verdict = place(draw_verdict)
        verdict["location"] = self.get_location()
        head += addnodes.desc_content("", verdict)
        return [head, self._footer(known, tuple(names))]

    def _describe(self, name: str) -> Description | None:
        descriptions = descriptions_of(self.env)
        if name in descriptions.errors:
            warn(Kind.ENTRY, descriptions.errors[name], location=self.get_location())
            return None
        return descriptions.described.get(name)

    def _signature(self, description: Description) -> nodes.Node:
        line = addnodes.desc_signature(ids=[description.qualified], classes=["sig-object", "py"])
        self.state.document.note_explicit_target(line)
        proof_domain(self.env).note_entry(description.qualified, description.qualified)
        module, _, last = description.qualified.rpartition(".")
        if description.kind not in {"method", "function"}:
            line += addnodes.desc_annotation("", description.kind, addnodes.desc_sig_space())
        line += addnodes.desc_addname("", f"{module}.")
        line += addnodes.desc_name("", last)
        if description.signature:
            parameters, returns = split_parameters(description.signature)
            group = addnodes.desc_parameterlist()
            for parameter in parameters:
                group += addnodes.desc_parameter("", parameter)
            line += group
            if returns:
                line += addnodes.desc_returns("", returns)
        marks = Marks(**{k: self.options.get(k, "") for k in ("since", "until", "python")})
        if marks:
            line += nodes.inline("", say_marks(marks), classes=["entry-since"])
        if description.source_url:
            place = f"{description.source_file}:{description.source_line}"
            line += _link(say("source"), description.source_url, ["entry-source"], title=place)
        return line

    def _footer(self, described: list[Description], names: tuple[str, ...]) -> nodes.Node:
        footer = entry_footer(classes=["entry-footer"])
        scripts = scripts_for(self.env, names)
        if scripts:
            title = say("Scripts that use it")
            footer += nodes.paragraph("", title, classes=["entry-footer-title"])
            cards = nodes.container(classes=["entry-scripts"])
            for script in scripts:
                cards += self._card(script)
            footer += cards
        footer += place(draw_options_link, " ".join(names))
        footer += place(draw_faults, " ".join(names))
        line = nodes.paragraph(classes=["entry-upstream"])
        for number, description in enumerate(d for d in described if d.upstream_url):
            line += nodes.Text(say("Upstream: ") if number == 0 else " · ")
            line += _link(description.qualified, description.upstream_url, [])
        if line.children:
            footer += line
        return footer

    def _card(self, script: Subject) -> nodes.Node:
        """Return a card with the script's thumbnail and title, linked to its page."""
        docname = Path(script.file).with_suffix("").as_posix()
        card = nodes.container(classes=["entry-script"])
        thumbnail = thumbnail_of(docname)
        text = nodes.paragraph()
        if Path(self.env.srcdir, thumbnail).is_file():
            # The link's text names the script, so a screen reader can skip the picture.
            text += nodes.image(uri=f"/{thumbnail}", alt="")
        # Sphinx replaces the text by the title of the script's page, in the language of the site.
        reference = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{docname}", refexplicit=False
        )
        reference["refdoc"] = self.env.docname
        reference["refwarn"] = True
        reference += nodes.inline("", script.title)
        text += reference
        card += text
        return card


class SubjectDirective(SphinxDirective):
    """Set options of a section without public names; the finder reads them."""

    option_spec = EntryDirective.option_spec

    def run(self) -> list[nodes.Node]:
        """Return nothing: the section gets its verdict in any case."""
        return []


def _fingerprint(env: BuildEnvironment, docname: str) -> str:
    """Return the data from outside the page that its entries show: introspection and scripts."""
    entries = [subject.names for subject in subjects_of(env, docname)]
    descriptions = descriptions_of(env)
    shown = [
        (
            [descriptions.fingerprint(name) for name in names],
            [(script.file, script.title) for script in scripts_for(env, names)],
        )
        for names in entries
    ]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _link(text: str, url: str, classes: list[str], *, title: str = "") -> nodes.reference:
    link = nodes.reference("", text, refuri=url, internal=False, classes=classes)
    if title:
        link["reftitle"] = title
    return link


def setup(app: Sphinx) -> None:
    """Register the directives; a footer is rendered as a container."""
    app.add_node(entry_footer, override=True)
    app.add_directive("entry", EntryDirective)
    app.add_directive("subject", SubjectDirective)
