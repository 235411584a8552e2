"""The `{parameters}` directive: a table of a signature's parameters, each linked to its proof."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from torchproof.api.parameters import Parameter, parameters_of
from torchproof.finding.marks import hold_on, running_versions
from torchproof.sphinx_ext.directives.parameter_rows import BadRow, Row, read_rows
from torchproof.sphinx_ext.directives.tables import row, table
from torchproof.sphinx_ext.domain import proof_domain
from torchproof.sphinx_ext.proving import descriptions_of, subjects_of
from torchproof.sphinx_ext.translation import say, say_marks
from torchproof.sphinx_ext.warning_types import Kind, logger, warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import OptionSpec

_PART = "parameters"


class ParametersDirective(SphinxDirective):
    """Show the parameters of one name, or of siblings that share theirs.

    The signature of the torch that builds gives types and defaults; the author says what each does.
    `:signature:` takes the place of one that tells none, or that ends in `*args` or `**kwargs`.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[OptionSpec] = {"signature": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table; warn of rows and parameters that do not fit each other."""
        names = self.arguments[0].split()
        known = self._known(names)
        try:
            rows = read_rows(list(self.content))
        except BadRow as error:
            self._warn(str(error), error.line)
            return []
        if known is not None:
            self._compare(names, known, rows)
        tables = proof_domain(self.env).of_pages(_PART)
        tables.setdefault(self.env.docname, []).extend(names)
        given = {parameter.name: parameter for parameter in known or ()}
        order = list(given)
        # What only other releases take comes last.
        last = len(order)
        rows.sort(
            key=lambda r: order.index(r.parameter.name) if r.parameter.name in given else last
        )
        heads = [say("parameter and type"), say("default"), say("effect")]
        return [table(heads, [self._row(r, given) for r in rows], classes=["parameters"])]

    def _known(self, names: Sequence[str]) -> list[Parameter] | None:
        """Return the parameters of the names together; None if they are unknown."""
        descriptions = descriptions_of(self.env)
        subjects = subjects_of(self.env, self.env.docname)
        here = {name for subject in subjects for name in subject.names}
        known: dict[str, Parameter] = {}
        for name in names:
            if name in descriptions.errors:
                # Its entry tells that this torch does not have it; the rows are what is known.
                return None
            described = descriptions.described.get(name)
            if described is None or name not in here:
                self._warn(f"{name} has no {{entry}} on this page; a table of parameters needs one")
                return None
            own = parameters_of(described.signature)
            for parameter in self._complete(name, own):
                before = known.setdefault(parameter.name, parameter)
                if before.default != parameter.default:
                    self._warn(
                        f"{parameter.name} has the default {parameter.default or 'none'} in {name} "
                        f"and {before.default or 'none'} elsewhere: give each name its own table"
                    )
        return list(known.values())

    def _complete(self, name: str, own: Sequence[Parameter] | None) -> Sequence[Parameter]:
        """Return the parameters of a name: the author's where the signature leaves some open."""
        written = self.options.get("signature", "")
        if not written and own is None:
            self._warn(f"torch tells no signature of {name}: write one as :signature: (a, b=1)")
            return ()
        if not written or own is None:
            return own or parameters_of(written) or ()
        if not any(parameter.gathers for parameter in own):
            self._warn(f"torch tells the signature of {name}: leave :signature: out")
            return own
        named = parameters_of(written) or ()
        listed = {parameter.name for parameter in own}
        place = next(n for n, parameter in enumerate(own) if parameter.gathers)
        hidden = [parameter for parameter in named if parameter.name not in listed]
        # What has a name of its own keeps its place and default.
        whole = [*own[:place], *hidden, *own[place:]]
        shown = {parameter.name for parameter in named}
        return [p for p in whole if not p.gathers or p.name in shown]

    def _compare(self, names: Sequence[str], known: list[Parameter], rows: list[Row]) -> None:
        """Warn of parameters without a row that holds here, and of rows without a parameter."""
        here = running_versions()
        what = " and ".join(names)
        taken = {parameter.name for parameter in known}
        held = {r.parameter.name for r in rows if hold_on(r.marks, here)}
        for own in rows:
            name = own.parameter.name
            if name in taken and name not in held:
                self._warn(
                    f"{what} takes {name} in torch {here.torch}, which the row leaves out: widen "
                    f"its range of releases, {say_marks(own.marks)}",
                    own.line,
                )
            elif name not in taken and hold_on(own.marks, here):
                self._warn(
                    f"{what} takes no {name} in torch {here.torch}: remove the row, or say after "
                    "the name where it is so, as in (since 2.9) or (until 2.12)",
                    own.line,
                )
        written = {r.parameter.name for r in rows}
        if missing := [p.name for p in known if p.name not in written]:
            self._warn(f"{what} also takes {', '.join(missing)}: write a row for each")

    def _row(self, own: Row, given: dict[str, Parameter]) -> nodes.row:
        told = given.get(own.parameter.name, own.parameter)
        name = nodes.paragraph("", "", _code(own.parameter.name, "parameter-name"))
        if told.type or own.parameter.type:
            name += [nodes.Text(" "), _code(told.type or own.parameter.type, "parameter-type")]
        if own.marks:
            text = say_marks(own.marks)
            name += [nodes.Text(" "), nodes.inline("", text, classes=["parameter-since"])]
        # The name of a function says what <function name> does not.
        value = re.sub(r"<function (\w+)>", r"\1", told.default or own.parameter.default)
        word = "–" if told.gathers else say("required")
        default = _code(value, "parameter-default") if value else nodes.inline("", word)
        inline, messages = self.parse_inline(own.effect, lineno=self._line(own.line))
        effect = nodes.paragraph(own.effect, "", *inline, *messages)
        # With its place, so that it can be translated.
        effect.source, effect.line = self.get_source_info()[0], self._line(own.line)
        return row([name, default, effect], classes=["with-default"] if value else [])

    def _line(self, index: int) -> int:
        """Return the line in the file of a line of the content."""
        return self.lineno + self.content_offset + index + 1

    def _warn(self, message: str, index: int | None = None) -> None:
        source, line = self.get_source_info()
        line = line if index is None else self._line(index)
        warn(Kind.ENTRY, message, location=f"{source}:{line}")


def _code(text: str, kind: str) -> nodes.literal:
    return nodes.literal("", text, classes=[kind])


def names_with_parameters(app: Sphinx) -> Iterator[tuple[str, bool]]:
    """Yield each name that has an entry and parameters, and whether they have a table."""
    tables = proof_domain(app.env).of_pages(_PART).values()
    tabled = {name for names in tables for name in names}
    described = descriptions_of(app.env).described
    for name in sorted(proof_domain(app.env).entries):
        signature = described[name].signature if name in described else ""
        if name in tabled or parameters_of(signature):
            yield name, name in tabled


def _count(app: Sphinx, exception: Exception | None) -> None:
    if exception is None:
        found = list(names_with_parameters(app))
        done = sum(tabled for _, tabled in found)
        logger.info("torchproof: parameters: %d of %d names have a table", done, len(found))


def setup(app: Sphinx) -> None:
    """Register the directive; count the tables after the build."""
    app.add_directive("parameters", ParametersDirective)
    app.connect("build-finished", _count)
