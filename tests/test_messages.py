"""Messages in what an example prints."""

from __future__ import annotations

from torchproof.sphinx_ext.messages import messages_in, sentences_in


def test_a_message_has_its_type_and_all_of_its_lines() -> None:
    output = (
        "None\n"
        "RuntimeError: Error(s) in loading state_dict for Linear:\n"
        '\tMissing key(s) in state_dict: "weight".\n'
        "UserWarning: no gradient\n"
        "torch.autograd.gradcheck.GradcheckError: Jacobian mismatch\n"
    )
    assert list(messages_in(output)) == [
        "RuntimeError: Error(s) in loading state_dict for Linear: "
        'Missing key(s) in state_dict: "weight".',
        "UserWarning: no gradient",
        "torch.autograd.gradcheck.GradcheckError: Jacobian mismatch",
    ]


def test_of_a_traceback_only_the_message_counts() -> None:
    output = (
        "ValueError: the cause\n"
        "Traceback (most recent call last):\n"
        "    ...\n"
        "TypeError: nn.Module.to only accepts floating point\n"
    )
    assert list(messages_in(output)) == [
        "ValueError: the cause",
        "TypeError: nn.Module.to only accepts floating point",
    ]


def test_values_are_no_messages() -> None:
    assert list(messages_in("tensor([1.])\nLinear(in_features=1)\n(True, 'weight')\n")) == []


def test_lines_of_words_are_sentences_and_values_are_not() -> None:
    output = (
        "Setting up a new session...\n"
        "  (0): Linear(in_features=1, out_features=1, bias=True)\n"
        "tensor([2., 3.], grad_fn=<AddBackward0>)\n"
        "Numerical title 3 has been casted to a string\n"
    )
    assert list(sentences_in(output)) == [
        "Setting up a new session...",
        "Numerical title 3 has been casted to a string",
    ]
