"""The `{learn}` directive: list the scripts in the reading order of docs/learn.toml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from torchproof.finding.reading_order import Chapter
from torchproof.finding.reading_time import minutes_to_read
from torchproof.finding.scripts import question_of
from torchproof.finding.subjects import Subject
from torchproof.sphinx_ext.dependencies import depend_on
from torchproof.sphinx_ext.proving import order_of
from torchproof.sphinx_ext.script_pages import (
    first_picture_of,
    reference_to,
    script_docname,
    thumbnail_of,
)
from torchproof.sphinx_ext.translation import counted

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_WIDTH = "160px"
_ROLE = re.compile(r":(py:\w+):(`[^`]+`)")


class LearnDirective(SphinxDirective):
    """List the scripts by chapter, each with its picture, finding, question and time to read."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each chapter; scripts are numbered across chapters."""
        depend_on(self.env, _order_fingerprint)
        depend_on(self.env, _thumbnail_fingerprint)
        sections: list[nodes.Node] = []
        first = 1
        for number, chapter in enumerate(order_of(self.env).chapters, 1):
            sections.append(self._section(chapter, f"{number}. {chapter.heading}", first))
            first += len(chapter.scripts)
        return sections

    def _section(self, chapter: Chapter, title: str, first: int) -> nodes.section:
        section = nodes.section(ids=[nodes.make_id(chapter.heading)], classes=["chapter"])
        section += nodes.title("", title)
        section += nodes.paragraph("", "", *self._inline(chapter.about))
        section += _time(sum(map(minutes_to_read, chapter.scripts)))
        steps = nodes.enumerated_list(enumtype="arabic", start=first, classes=["steps"])
        for script in chapter.scripts:
            step = nodes.list_item()
            asked = _ROLE.sub(r"{\1}\2", question_of(script)).replace("``", "`")
            if (thumbnail := _thumbnail(self.env, script)) is not None:
                # The link beside it says what it shows.
                step += nodes.image(
                    "", uri=f"/{thumbnail}", alt="", width=_WIDTH, classes=["step-picture"]
                )
            step += nodes.paragraph("", "", reference_to(script, self.env.docname))
            step += nodes.paragraph("", "", *self._inline(asked), classes=["step-question"])
            step += _time(minutes_to_read(script))
            steps += step
        section += steps
        return section

    def _inline(self, text: str) -> list[nodes.Node]:
        return self.parse_inline(text, lineno=self.lineno)[0]


def _time(minutes: int) -> nodes.paragraph:
    text = counted("%d minute to read", "%d minutes to read", minutes)
    return nodes.paragraph("", text, classes=["step-time"])


def _thumbnail(env: BuildEnvironment, script: Subject) -> str | None:
    """Return the path below the docs folder of a script's thumbnail, None if it drew no picture.

    sphinx-gallery makes thumbnails also of scripts that did not run; only those that ran have a
    first picture.
    """
    docname = script_docname(script)
    thumbnail = thumbnail_of(docname)
    files = (first_picture_of(docname), thumbnail)
    return thumbnail if all(Path(env.srcdir, file).is_file() for file in files) else None


def _thumbnail_fingerprint(env: BuildEnvironment, _: str) -> str:
    return str([_thumbnail(env, script) for script in order_of(env).scripts])


def _order_fingerprint(env: BuildEnvironment, _: str) -> str:
    chapters = order_of(env).chapters
    return str([(c.heading, c.about, [(s.file, s.digest) for s in c.scripts]) for c in chapters])


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("learn", LearnDirective)
