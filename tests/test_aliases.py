"""Other names of the same object."""

from __future__ import annotations

from torchproof.api.aliases import aliases


def test_a_function_under_several_names() -> None:
    found = aliases(
        [
            "torch.no_grad",
            "torch.nn.Module.__call__",
            "torch.nn.Module._wrapped_call_impl",
            "torch.nn.Module.zero_grad",
            "torch.nn.Module.training",
            "torch.nothing",
        ]
    )
    assert found == {
        "torch.nn.Module.__call__": ["torch.nn.Module._wrapped_call_impl"],
        "torch.nn.Module._wrapped_call_impl": ["torch.nn.Module.__call__"],
        "torch.no_grad": ["torch.autograd.grad_mode.no_grad", "torch.autograd.no_grad"],
    }
    # A private name counts only if it has an entry.
    assert "torch.nn.Module.__call__" not in aliases(["torch.nn.Module.__call__"])
