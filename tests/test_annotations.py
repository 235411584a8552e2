"""Annotations are written alike on every Python, whether what they name exists or not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal, Optional, Union

import pytest

from torchproof.api.annotations import annotated_names, signature_of, written

FUTURE = "from __future__ import annotations\n"
UNKNOWN = """
class Made:
    one: int
    two: Missing
    def method(self, given: Missing, other: Sequence[Missing] = ()) -> Missing | None: ...
"""
NESTED = Union[Callable[[int, str], None], dict[str, Union[int, str]], None]  # noqa: UP007


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Optional[int], "int | None"),  # noqa: UP045
        (Union[int, Sequence[str]], "int | Sequence[str]"),  # noqa: UP007
        (list[Optional[int]], "list[int | None]"),  # noqa: UP045
        (NESTED, "Callable[[int, str], None] | dict[str, int | str] | None"),
        ("Optional[Union[int, Sequence[str]]]", "int | Sequence[str] | None"),
        ("Union[tuple[()], Literal['a', 'b']]", "tuple[()] | Literal['a', 'b']"),
        ("MyUnion[int, str]", "MyUnion[int, str]"),
        (Literal["cpu", "cuda"], "Literal['cpu', 'cuda']"),
        (int, "int"),
    ],
)
def test_annotation_is_written_with_bars(annotation: Any, text: str) -> None:
    assert str(written(annotation)) == text


@pytest.mark.parametrize("value", [[].clear, "".upper, str.upper])
def test_what_is_written_in_c_and_takes_nothing_tells_nothing(value: Any) -> None:
    with pytest.raises(ValueError, match="no parameters are told of"):
        signature_of(value)


def test_what_is_written_in_c_may_tell_its_parameters() -> None:
    assert str(signature_of("".split)) == "(sep=None, maxsplit=-1)"


# Before Python 3.14, annotations are evaluated at once, unless this is put off.
@pytest.mark.parametrize("begin", [FUTURE, ""] if sys.version_info >= (3, 14) else [FUTURE])
def test_annotations_may_name_what_does_not_exist(begin: str) -> None:
    namespace: dict[str, Any] = {"Sequence": Sequence}
    code = compile(begin + UNKNOWN, "<class>", "exec", dont_inherit=True)
    exec(code, namespace)
    made = namespace["Made"]
    assert annotated_names(made) == {"one", "two"}
    text = "(self, given: Missing, other: Sequence[Missing] = ()) -> Missing | None"
    assert str(signature_of(made.method)) == text
