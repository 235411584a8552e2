"""Tables of parameters: complete on the torch that builds, typed by it, linked row by row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import CONF, Build, Site, entry, page

from torchproof.api.parameters import Parameter, parameters_of, read_parameter
from torchproof.sphinx_ext.directives.parameter_rows import BadRow, read_rows
from torchproof.statements.binding import read_statements

CHECKED = f'{CONF}\ntorchproof_statements = ["pages/*"]\nmyst_heading_anchors = 3\n'
TO = ":signature: (device=None, dtype=None, non_blocking: bool=False)\n\n"
SIGNED = ":signature: (x: int)\n\n"
LINK = "[here](#{})"


def table(name: str, *rows: str, signature: str = "") -> str:
    """Return a table of parameters; each row leads to the entry's own section."""
    anchor = name.rpartition(".")[2]
    items = "".join(f"* {row.replace('LINK', LINK.format(anchor))}\n" for row in rows)
    return f"\n:::{{parameters}} {name}\n{signature}{items}:::\n"


def described(name: str, *rows: str, signature: str = "") -> str:
    text = entry(name, ">>> 1 + 1\n2")
    return text.replace("\nWhat it does.\n", table(name, *rows, signature=signature))


def test_a_signature_is_split_into_names_types_and_defaults() -> None:
    text = "(f: Callable[..., int], s: str = 'a: b = c', /, *args, k=(1, 2), t: A[f(a=1)]) -> T"
    assert parameters_of(text) == (
        Parameter("f", "Callable[..., int]"),
        Parameter("s", "str", "'a: b = c'"),
        Parameter("*args"),
        Parameter("k", "", "(1, 2)"),
        Parameter("t", "A[f(a=1)]"),
    )
    assert parameters_of("()") == ()
    assert parameters_of("(...)") is None
    assert read_parameter("*") is None


def test_a_row_names_a_parameter_and_its_releases() -> None:
    [row] = read_rows(["* `a: int = 1` (since 2.9, until 2.12): it does", "  this [x](#y)", ""])
    assert row.parameter == Parameter("a", "int", "1")
    assert (row.marks.since, row.marks.until) == ("2.9", "2.12")
    assert row.effect == "it does this [x](#y)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* a: effect", "is written * `NAME`: EFFECT"),
        ("Some prose.", "is written * `NAME`: EFFECT"),
        ("* `a` (from 2.9): effect", "is not written"),
        ("* `a` (since 1.4): effect", "outside the range of these pages"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(BadRow) as caught:
        read_rows(["* `b`: fine", text])
    assert caught.value.line == 1
    assert message in str(caught.value)


def test_rows_count_as_linked_and_need_a_link() -> None:
    text = table("torch.f", "`a`: this [here](#f)", "`b`: that", "`c`: the only one [here](#f)")
    found = read_statements(f"# P\n\n## f\n{text}\n```{{doctest}}\n>>> 1\n1\n```\n")
    assert [s.standing.value for s in found.statements] == ["linked"] * 3
    assert [(f.line, f.message[:32]) for f in found.faults] == [
        (7, "the parameter “`b`: that” has no"),
        (8, "“`c`: the only one [here](#f)” s"),
    ]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Build:
    site = Site(tmp_path_factory.mktemp("good"), conf=CHECKED)
    whole = described(
        "torch.nn.Module.load_state_dict",
        "`strict`: unknown keys are refused LINK",
        "`state_dict`: the values LINK",
        "`assign`: the tensors themselves are taken\n  over LINK",
        "`gone: str = 'x'` (until 2.7): was LINK",
    )
    moved = described(
        "torch.nn.Module.to",
        "`device: str`: where to LINK",
        "`dtype`: as what LINK",
        "`non_blocking`: whether to wait LINK",
        signature=TO,
    )
    site.write({"docs/pages/a.md": page(whole, moved)})
    done = site.build()
    assert done.status == 0, done.output
    return done


def rows_of(html: str) -> list[list[str]]:
    """Return the text of each cell of the tables of parameters."""
    tables = re.findall(r'<table class="[^"]*parameters.*?</table>', html, re.DOTALL)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", "", cell).split())
            for cell in re.findall(r"<t[dh][ >].*?</t[dh]>", row, re.DOTALL)
        ]
        for table in tables
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]


def test_a_table_has_types_and_defaults_from_the_signature_in_its_order(good: Build) -> None:
    assert rows_of(good.page("pages/a")) == [
        ["parameter and type", "default", "effect"],
        ["state_dict Mapping[str, Any]", "required", "the values here"],
        ["strict bool", "True", "unknown keys are refused here"],
        ["assign bool", "False", "the tensors themselves are taken over here"],
        ["gone str up to torch 2.7", "'x'", "was here"],
        ["parameter and type", "default", "effect"],
        ["device str", "None", "where to here"],
        ["dtype", "None", "as what here"],
        ["non_blocking bool", "False", "whether to wait here"],
    ]
    assert '<a class="reference internal" href="#load-state-dict">' in good.page("pages/a")
    assert "parameters: 2 of 2 names have a table" in good.output


def test_markdown_and_search_have_the_table(good: Build) -> None:
    text = (good.html / "pages/a.md").read_text(encoding="utf-8")
    row = "| `strict` `bool` | `True` | unknown keys are refused [here](#load-state-dict) |"
    assert "| parameter and type | default | effect |\n|---|---|---|\n" in text
    assert row in text
    index = (good.html / "search-index.js").read_text(encoding="utf-8")
    assert "strict bool True unknown keys are refused here" in index


FAULTS = {
    "missing": described("torch.nn.Module.zero_grad"),
    "unknown": described(
        "torch.nn.Module.train", "`mode`: on LINK", "`speed`: how fast LINK"
    ),
    "range": described("torch.nn.Module.requires_grad_", "`requires_grad` (until 2.7): on LINK"),
    "open": described("torch.nn.Module.apply", "`fn`: called LINK", signature=SIGNED),
    "builtin": described("torch.Tensor.detach", "`x`: no effect LINK"),
    "unread": described("torch.nn.Module.type", "dst_type: the type LINK"),
    "signed": described(
        "torch.nn.Module.to", "`x`: where to LINK", "`y`: as what LINK", signature=SIGNED
    ),
    "link": described("torch.nn.Module.share_memory") + described(
        "torch.nn.Module.get_buffer", "`target`: its name"
    ),
    "elsewhere": described("torch.nn.Module.eval").replace(
        "parameters} torch.nn.Module.eval", "parameters} torch.nn.Module.cuda"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, dict[str, str]]:
    site = Site(tmp_path_factory.mktemp("faulty"), conf=CHECKED)
    texts = {name: page(text, title=name) for name, text in FAULTS.items()}
    site.write({f"docs/pages/{name}.md": text for name, text in texts.items()})
    done = site.build()
    assert done.status == 1
    return done, texts


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("missing", ":::{parameters}", "zero_grad also takes set_to_none: write a row"),
        (
            "unknown",
            "* `speed`",
            r"train takes no speed in torch [\d.]+\S*: remove the row, or say",
        ),
        ("range", "* `requires_grad`", "takes requires_grad in torch .* which the row leaves out"),
        ("open", ":::{parameters}", "torch tells the signature of torch.nn.Module.apply: leave"),
        ("builtin", ":::{parameters}", "torch tells no signature of torch.Tensor.detach: write"),
        ("unread", "* dst_type", r"a row of parameters is written \* `NAME`: EFFECT"),
        ("signed", "* `y`", r"torch.nn.Module.to takes no y in torch"),
        ("link", "* `target`", "the parameter “`target`: its name” has no link"),
        ("elsewhere", ":::{parameters}", r"torch.nn.Module.cuda has no \{entry\} on this page"),
    ],
)
def test_a_fault_is_told_with_its_line(
    faulty: tuple[Build, dict[str, str]], name: str, line: str, message: str
) -> None:
    done, texts = faulty
    lines = texts[name].split("\n")
    number = next(n for n, text in enumerate(lines, 1) if text.startswith(line))
    assert re.search(rf"pages/{name}\.md:{number}: WARNING: .*{message}", done.output), done.output


def test_a_builtin_takes_the_signature_that_the_author_writes(tmp_path: Path) -> None:
    site = Site(tmp_path, conf=CHECKED)
    text = described("torch.Tensor.detach", "`x`: no effect LINK", signature=SIGNED)
    site.write({"docs/pages/a.md": page(text)})
    done = site.build()
    assert done.status == 0, done.output
    assert rows_of(done.page("pages/a"))[1] == ["x int", "required", "no effect here"]
