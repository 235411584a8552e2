"""Statements are bound to the block after them; universal words need a search or a scope."""

from __future__ import annotations

import pytest

from torchproof.statements.binding import Standing, read_statements, sentences
from torchproof.statements.universal import searches, universal_words

BLOCK = "```{doctest}\n>>> 1 + 1\n2\n```\n"
SETUP = "```{doctest}\n>>> import torch\n```\n"


def faults(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.message) for fault in read_statements(text).faults]


def standings(text: str) -> list[str]:
    return [statement.standing.value for statement in read_statements(text).statements]


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        (f"One and one make two.\n\n{BLOCK}", "proven"),
        ("See [the sum](sums.md#sum).\n", "linked"),
        ("{py:meth}`torch.nn.Module.to` says how.\n", "linked"),
        (":::{explained}\nA sum is what addition gives.\n:::\n", "explained"),
        (":::{reported} [CUDA notes](https://pytorch.org)\nStreams differ.\n:::\n", "reported"),
        (f":::{{note}}\nIt is so.\n:::\n\n{BLOCK}", "proven"),
        (f"::::{{silent}} A sum\nIt is so.\n\n{BLOCK}::::\n", "proven"),
        (":::{visdom-page} a\n:alt: it\n\n1. See [it](sums.md).\n:::\n", "linked"),
        (f"Two.\n\n:::{{figure}} a.png\n:::\n\n{BLOCK}", "proven"),
    ],
)
def test_each_statement_stands_in_one_way(text: str, standing: str) -> None:
    assert standings(text) == [standing]
    assert faults(text) == []


def test_a_paragraph_without_a_block_is_a_fault_on_its_line() -> None:
    [(line, message)] = faults("# Page\n\nTorch adds.\n\n## Next\n")
    assert line == 3
    assert message.startswith("no block proves “Torch adds.”: put its {doctest} block after it")


def test_a_set_up_block_proves_nothing() -> None:
    [(line, message)] = faults(f"# Page\n\nTorch adds.\n\n{SETUP}")
    assert (line, "no block proves" in message) == (3, True)


def test_a_block_proves_the_paragraph_before_it_and_no_earlier_one() -> None:
    assert [line for line, _ in faults(f"Torch adds.\n\nIt subtracts.\n\n{BLOCK}")] == [1]


def test_three_sentences_are_too_many_for_a_block() -> None:
    assert faults(f"One. Two.\n\n{BLOCK}") == []
    [(line, message)] = faults(f"One. Two. Three.\n\n{BLOCK}")
    assert (line, message[:32]) == (1, "3 sentences before one block: gi")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("`a.b()` returns `c. d`.", 1),
        ("It is a list, e.g. of numbers. Two.", 2),
        ("See [x. y](a.md). `None` is returned!", 2),
        ("torch 2.11 and 2.13 agree", 1),
        ('It says "no." Then it ends.', 2),
    ],
)
def test_sentences_are_counted_without_code_and_numbers(text: str, number: int) -> None:
    assert sentences(text) == number


def test_a_reported_statement_names_its_source() -> None:
    assert [m for _, m in faults(":::{reported}\nStreams differ.\n:::\n")] == [
        "a reported statement names no source: write `{reported} SOURCE`"
    ]


TABLE = "| call | gives |\n|---|---|\n| a | 2 |\n| b | 3 |\n"


def test_a_row_needs_a_link_or_the_block_after_its_table() -> None:
    assert [line for line, _ in faults(TABLE)] == [3, 4]
    linked = TABLE.replace("| a |", "| [a](x.md) |")
    assert [line for line, _ in faults(linked)] == [4]
    assert faults(f"{TABLE}\n```{{doctest}}\n>>> a\n2\n>>> b\n3\n```\n") == []
    assert standings(f"{TABLE}\n```{{doctest}}\n>>> a\n2\n>>> b\n3\n```\n") == ["proven"] * 2
    assert faults(f"{TABLE}\nThe rows.\n\n```{{doctest}}\n>>> a, b\n2\n3\n```\n") == []


def test_a_block_after_a_table_has_a_line_for_each_row() -> None:
    [(line, message)] = faults(f"{TABLE}\n{BLOCK}")
    assert line == 6
    assert message.startswith("2 rows stand before a block of 1 lines")
    loop = "```{doctest}\n>>> for x in rows:\n...     assert check(x)\n```\n"
    assert faults(f"{TABLE}\n{loop}") == []


def test_items_of_lists_are_statements_too() -> None:
    assert [line for line, _ in faults("The kinds:\n\n* one\n* two [there](a.md)\n")] == [3]


def test_a_universal_word_needs_a_search() -> None:
    [(line, message)] = faults(f"Torch adds all numbers.\n\n{BLOCK}")
    assert (line, "says 'all', and its block goes through no space" in message) == (1, True)
    search = "```{doctest}\n>>> for n in range(9):\n...     assert n + 1 > n\n```\n"
    assert faults(f"Torch adds all numbers.\n\n{search}") == []


@pytest.mark.parametrize(
    ("code", "is_search"),
    [
        (">>> for n in range(9):\n...     assert n\n", True),
        (">>> [n for n in range(9)]\n[0]\n", True),
        (">>> all(map(bool, values))\nTrue\n", True),
        (">>> values.all()\nTrue\n", False),
        (">>> reset(1)\n>>> 'for one in two'\n'for one in two'\n", False),
        (">>> one\nfor each in all(them)\n", False),
    ],
)
def test_a_search_is_a_loop_of_the_code_and_not_a_word(code: str, is_search: bool) -> None:
    assert searches(code) is is_search


def test_a_scope_explains_the_words_that_it_names_and_no_other() -> None:
    scope = "% scope(only): there are two\n"
    assert faults(f"{scope}\nOnly two are added.\n\n{BLOCK}") == []
    [(line, message)] = faults(f"{scope}\nOnly two are ever added, and never three.\n\n{BLOCK}")
    assert (line, "says 'never'" in message) == (3, True)
    assert faults(f"{scope}\n{TABLE.replace('2', 'only 2')}\n{BLOCK.replace('2', '2, 3')}") == [
        (8, faults(f"{TABLE}\n{BLOCK}")[0][1])
    ]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("% scope(only): why", "nothing after it says 'only': remove the word from `scope`"),
        ("% scope only", "'scope only' is not written `% scope(WORD, …): REASON`"),
        ("% scope(two):", "'scope(two):' is not written `% scope(WORD, …): REASON`"),
    ],
)
def test_a_scope_that_nothing_needs_is_a_fault(comment: str, message: str) -> None:
    assert faults(f"{comment}\n\nTwo are added.\n\n{BLOCK}") == [(1, message)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Every node, never twice", ("every", "never")),
        ("a keyword-only argument, not at all", ()),
        ('`only` in code and "all" in quotes', ()),
        ("However many there are", ("however many",)),
        ("[all of them](any.md)", ("all",)),
        ("not only the first", ()),
    ],
)
def test_universal_words_stand_in_prose(text: str, words: tuple[str, ...]) -> None:
    assert universal_words(text) == words


def test_the_numbers_of_a_page_are_by_standing() -> None:
    found = read_statements(f"Two.\n\n{BLOCK}\nSee [x](y.md).\n")
    assert {s: found.number(s) for s in Standing if found.number(s)} == {
        Standing.PROVEN: 1,
        Standing.LINKED: 1,
    }
