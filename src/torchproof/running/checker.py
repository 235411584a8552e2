"""Compare expected and actual output; only numbers have a tolerance, by their written precision.

A number written with four or more decimals may differ by one in its last decimal, since that is
where torch rounds. Every number may differ by one part in a million. `1.` and `2.` are different,
although a tolerance from the written precision alone would make them equal.
"""

from __future__ import annotations

import doctest
import math
import re

from torchproof.devices import DEVICES

_NUMBER = re.compile(
    r"(?<![\w.])[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE][+-]?\d))(?P<exponent>[eE][+-]?\d+)?(?![\w.])"
)
_SUFFIX = re.compile(r",\s+(?=(?:size|nnz|dtype|layout|grad_fn|requires_grad|tangent)=)")
_FLAGS = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
_ROUNDED = 4
"""Number of decimals from which a written number counts as rounded."""
_RELATIVE = 1e-6


def same_output(want: str, got: str, *, device: str = "cpu") -> bool:
    """Return whether a statement printed the output that the page shows.

    `...` in the expected output matches any text. Device names that torch prints on the device
    under test are normalized to its output on the CPU.
    """
    bare = DEVICES[device].as_on_cpu(got)
    if bare != got:
        # The device suffix took room, so torch may have wrapped the suffixes after it.
        want, bare = _SUFFIX.sub(", ", want), _SUFFIX.sub(", ", bare)
    got = f"{bare}\n" if bare and not bare.endswith("\n") else bare
    if doctest.OutputChecker().check_output(want, got, _FLAGS):
        return True
    return doctest.OutputChecker().check_output(want, _take_over(want, got), _FLAGS)


def close(want: str, got: str) -> bool:
    """Return whether two written numbers are equal within the written precision."""
    expected, real = float(want), float(got)
    if expected == real:
        return True
    if not math.isfinite(expected) or not math.isfinite(real):
        return False
    mantissa, _, exponent = want.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    last = 10.0 ** (int(exponent or 0) - decimals) if decimals >= _ROUNDED else 0.0
    # The factor allows for binary rounding where the difference is exactly one.
    return abs(expected - real) <= max(1.001 * last, _RELATIVE * abs(expected))


def _take_over(want: str, got: str) -> str:
    """Return `got` with each number replaced by its counterpart in `want` if the two are close."""
    wanted, real = list(_NUMBER.finditer(want)), list(_NUMBER.finditer(got))
    if len(wanted) != len(real):
        return got
    pieces, end = [], 0
    for expected, match in zip(wanted, real, strict=True):
        pieces.append(got[end : match.start()])
        pieces.append(expected[0] if close(expected[0], match[0]) else match[0])
        end = match.end()
    return "".join((*pieces, got[end:]))
