"""Which outputs are the same, and which are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from torchproof.devices import DEVICES
from torchproof.running.checker import same_output


@pytest.mark.parametrize(
    ("want", "got"),
    [
        # Four or more decimals: one in the last.
        ("0.3333", "0.3334"),
        ("0.3333", "0.3332"),
        ("-0.3333", "-0.3334"),
        ("0.33333", "0.33334"),
        ("tensor([0.3333, 1.0000])", "tensor([0.3334, 1.0000])"),
        ("tensor([ 0.3333, -1.5000])", "tensor([ 0.3334, -1.5001])"),
        ("loss 0.1235, 3 steps", "loss 0.1234, 3 steps"),
        # One part in a million, whatever is written.
        ("1234567.0", "1234567.5"),
        ("1.0", "1.0000001"),
        ("0.1", "0.10000000149011612"),
        # Exponents.
        ("1.0000e-05", "1.0001e-05"),
        ("1e-05", "0.00001"),
        ("2.5000e+10", "2.5001e+10"),
        ("-0.0000", "0.0000"),
        # The same text is the same.
        ("nan", "nan"),
        ("tensor([nan, inf, -inf])", "tensor([nan, inf, -inf])"),
        ("torch 2.13.0", "torch 2.13.0"),
        ("1e400", "1e400"),
        # Three dots.
        ("Linear(...)", "Linear(in_features=2, out_features=1)"),
        ("a...c", "a\nb\nc"),
    ],
)
def test_same(want: str, got: str) -> None:
    assert same_output(f"{want}\n", f"{got}\n")


@pytest.mark.parametrize(
    ("want", "got"),
    [
        ("1.", "2."),
        ("tensor([1., 2.])", "tensor([1., 3.])"),
        ("0.3333", "0.3335"),
        ("0.3333", "-0.3333"),
        ("0.25", "0.26"),
        ("0.333", "0.334"),
        ("1.0", "1.00001"),
        # Integers are exact, also large ones.
        ("3", "4"),
        ("10000000", "10000001"),
        ("torch.Size([2, 3])", "torch.Size([3, 2])"),
        ("1", "1.0"),
        ("1.", "1"),
        # Exponents.
        ("1.0000e-05", "1.0002e-05"),
        ("1e-05", "2e-05"),
        ("1.0000e-05", "1.0000e-06"),
        # What is no finite number is text.
        ("nan", "inf"),
        ("nan", "0.0000"),
        ("0.0000", "nan"),
        ("inf", "-inf"),
        ("torch 2.13.0", "torch 2.13.1"),
        # How many there are, where they stand, and what is around them.
        ("[0.3333]", "[0.3333, 0.3333]"),
        ("[0.3333, 0.5000]", "[0.5000, 0.3333]"),
        ("a 0.3333", "b 0.3334"),
        ("tensor([ 1., -2.])", "tensor([1., -2.])"),
        ("a b", "a  b"),
        ("a", "A"),
        ("True", "1"),
        ("1", "True"),
        # Lines.
        ("a", "a\n"),
        ("a", "a\nb"),
        ("a", ""),
        ("a...c", "a\nb"),
    ],
)
def test_different(want: str, got: str) -> None:
    assert not same_output(f"{want}\n", f"{got}\n" if got else "")


def test_output_where_none_is_expected_differs() -> None:
    assert same_output("", "")
    assert not same_output("", "a\n")
    assert not same_output("", "\n")


def test_blankline_stands_for_an_empty_line_also_at_the_end() -> None:
    assert same_output("a\n<BLANKLINE>\nb\n", "a\n\nb\n")
    assert same_output("a\n<BLANKLINE>\n", "a\n\n")


def test_output_without_a_last_line_end_is_like_one_with_it() -> None:
    assert same_output("a\n", "a")


def test_suffix_of_the_tested_device_is_removed_and_no_other() -> None:
    for index in ("", ":0"):
        got = f"tensor([1.], device='cuda{index}', requires_grad=True)"
        assert DEVICES["cuda"].as_on_cpu(got) == "tensor([1.], requires_grad=True)"
    for other in ("cuda:1", "meta", "cpu"):
        got = f"tensor(..., device='{other}', size=(1,))"
        assert DEVICES["cuda"].as_on_cpu(got) == got
    for other in ("cuda:0", "cpu"):
        assert DEVICES["cpu"].as_on_cpu(f"x, device='{other}'") == f"x, device='{other}'"
    whole = "device(type='cuda', index=0)"
    assert DEVICES["cuda"].as_on_cpu(whole) == whole


def test_suffix_is_removed_from_what_came_and_not_from_what_is_expected() -> None:
    text = "tensor([1.], device='cuda:0')\n"
    assert same_output("tensor([1.])\n", text, device="cuda")
    assert not same_output(text, text, device="cuda")
    assert same_output(text, text, device="cpu")


@pytest.mark.parametrize("suffixes", [[], ["dtype=torch.float64"], ["requires_grad=True"]])
def test_suffix_is_removed_wherever_torch_wraps_the_line(suffixes: list[str]) -> None:
    wrap: Callable[[str, list[str], int, bool], str] = torch._tensor_str._add_suffixes
    for count in range(30):
        numbers = "[" + "1., " * count + "2.]"
        want = wrap(f"tensor({numbers}", suffixes, len("tensor("), False)
        got = wrap(f"tensor({numbers}", ["device='cuda:0'", *suffixes], len("tensor("), False)
        assert same_output(f"{want}\n", f"{got}\n", device="cuda")
        assert not same_output(f"{want}\n", f"{got}\n".replace("2.", "3."), device="cuda")


def test_lines_of_the_numbers_themselves_are_compared_on_every_device() -> None:
    got = "tensor([[1.],\n        [2.]], device='cuda:0')\n"
    assert same_output("tensor([[1.],\n        [2.]])\n", got, device="cuda")
    assert not same_output("tensor([[1.], [2.]])\n", got, device="cuda")


@pytest.mark.parametrize(
    ("device", "named"),
    [
        ("cuda", "torch.cuda.FloatTensor"),
        ("xpu", "torch.xpu.FloatTensor"),
        ("sim", "torch.sim.FloatTensor"),
        ("sim", "simFloatType"),
    ],
)
def test_tensor_type_of_the_tested_device_is_that_of_the_cpu(device: str, named: str) -> None:
    want = "modified by an inplace operation: [torch.FloatTensor [2]] is at version 1\n"
    got = want.replace("torch.FloatTensor", named)
    assert same_output(want, got, device=device)
    assert not same_output(want, got, device="cpu")
    assert not same_output(want, got.replace("Float", "Double"), device=device)
