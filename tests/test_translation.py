"""A translated site: the words are others, the examples, verdicts and anchors are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sites import CONF, Build, Site, entry, page
from trees import section

from torchproof.sphinx_ext.translation import CATALOGUE, LOCALE

ROOT = Path(__file__).parents[1]
HEADER = 'msgid ""\nmsgstr ""\n"Language: zh_CN\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
WORDS = {
    "Page": "页",
    "to": "转换",
    "freezing": "冻结",
    "What it does.": "它做什么。",
    "What it says.": "它说什么。",
    "A curve": "一条曲线",
}
GRAPH = ">>> y = torch.ones(1, requires_grad=True) * 2\n>>> y.item()\n2.0"
NOTE = "\n```{note-2019}\nWhat it says.\n```\n"
PICTURE = "\n```{image} curve.png\n:alt: A curve\n```\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("translated"), conf=f"{CONF}\ngettext_compact = False\n")
    po = HEADER + "".join(f'\nmsgid "{a}"\nmsgstr "{b}"\n' for a, b in WORDS.items())
    text = page(
        entry("torch.nn.Module.to", ">>> 1 + 1\n2"),
        section("freezing", f":graph: y\n{GRAPH}") + NOTE + PICTURE,
    )
    site.write({"docs/pages/to.md": text, "docs/locale/zh_CN/LC_MESSAGES/pages/to.po": po})
    (site.root / "docs/pages/curve.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return site


@pytest.fixture(scope="module")
def chinese(site: Site) -> Build:
    (site.root / "docs/conf.py").write_text(
        f'{CONF}\ngettext_compact = False\nlocale_dirs = ["locale"]\nlanguage = "zh_CN"\n'
    )
    build = site.build()
    assert build.status == 0, build.output
    return build


def test_pages_are_in_the_language_of_the_site(chinese: Build) -> None:
    text = chinese.page("pages/to")
    for word in WORDS.values():
        assert word in text
    for word in (*WORDS.keys() - {"to", "Page"}, "checked:", "The 2019 note", "Upstream"):
        assert word not in re.sub(r'(id|href)="[^"]*"', "", text)
    assert text.count("已检验：") == 2
    assert "1 个示例，1 处比较" in text
    assert "2019 年的笔记" in text
    assert re.search(r"<title[^>]*>y 的 autograd 计算图</title>", text)
    assert re.search(r"<desc[^>]*>y \(1,\) 通向 MulBackward0。", text)


def test_sections_keep_their_anchors_and_their_verdicts(chinese: Build) -> None:
    head, freezing = chinese.page("pages/to").split('<section id="freezing">')
    assert '<section id="to">' in head
    assert head.count('class="verdict"') == freezing.count('class="verdict"') == 1


def test_catalogues_hold_prose_and_nothing_that_runs(site: Site) -> None:
    site.write({"docs/conf.py": f"{CONF}\ngettext_compact = False\n"})
    build = site.build("gettext")
    assert build.status == 0, build.output
    text = (build.html / "pages/to.pot").read_text(encoding="utf-8")
    messages = set(re.findall(r'^msgid "(.+)"$', text, re.MULTILINE))
    assert messages == set(WORDS)


def test_words_of_the_extension_are_all_translated() -> None:
    said = {
        message
        for _, _, message, _, _ in extract_from_dir(
            ROOT / "src/torchproof", keywords={"say": None, "translate": None, "counted": (1, 2)}
        )
    }
    with (LOCALE / f"zh_CN/LC_MESSAGES/{CATALOGUE}.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    translated = {message.id for message in catalogue if message.id and message.string}
    assert translated == {m for m in said if m != ""}


@pytest.mark.parametrize(
    "po", sorted(ROOT.glob("docs/locale/*/LC_MESSAGES/*/*.po")), ids=lambda po: po.stem
)
def test_a_committed_translation_is_that_of_its_page(po: Path) -> None:
    page_name = po.relative_to(po.parents[1]).with_suffix(".md")
    text = " ".join((ROOT / "docs" / page_name).read_text(encoding="utf-8").split())
    with po.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            assert isinstance(message.id, str)
            assert " ".join(message.id.split()) in text, f"{po}: not on the page any more"
            assert message.string and not message.fuzzy
            assert re.findall(r"`[^`]+`", message.id) == sorted_like(message.string, message.id)
    assert "POT-Creation-Date" not in po.read_text(encoding="utf-8")


def sorted_like(translated: object, source: str) -> list[str]:
    """Return the code of a translation in the order of the source: a language has its own."""
    code = re.findall(r"`[^`]+`", str(translated))
    return sorted(code, key=re.findall(r"`[^`]+`", source).index)
