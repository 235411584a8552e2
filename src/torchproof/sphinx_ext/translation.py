"""Translate this extension's own texts on pages into the language of the site.

The message catalogues are `src/torchproof/locale/*/LC_MESSAGES/torchproof.po`. The one of the
site's language is compiled into the site's cache folder before anything is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.locale import get_translator

from torchproof.finding.marks import describe
from torchproof.finding.subjects import Marks
from torchproof.language import untranslated

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

CATALOGUE = "torchproof"
LOCALE = Path(__file__).parents[1] / "locale"


def say(message: str) -> str:
    """Translate a message into the language of the site."""
    return get_translator(CATALOGUE).gettext(message)


def translate(message: str, *values: str) -> str:
    """Translate a message into the language of the site, then substitute values for each `%s`."""
    return untranslated(say(message), *values)


def counted(one: str, many: str, number: int) -> str:
    """Return a noun in singular or plural, with the number if the noun contains `%d`."""
    noun = get_translator(CATALOGUE).ngettext(one, many, number)
    return noun % number if "%d" in noun else noun


def say_marks(marks: Marks) -> str:
    """Describe marks in the language of the site."""
    return describe(marks, translate=translate)


def _load(app: Sphinx, config: Config) -> None:
    language = Path(config.language, "LC_MESSAGES")
    source = LOCALE / language / f"{CATALOGUE}.po"
    folder = Path(app.srcdir, config.torchproof_cache, "locale").resolve()
    if source.is_file():
        compiled = folder / language / f"{CATALOGUE}.mo"
        compiled.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as text, compiled.open("wb") as binary:
            write_mo(binary, read_po(text, locale=config.language))
    app.add_message_catalog(CATALOGUE, str(folder))


def setup(app: Sphinx) -> None:
    """Load the catalogue once the language is configured."""
    app.connect("config-inited", _load)
