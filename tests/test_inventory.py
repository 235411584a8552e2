"""The names and descriptions that introspection finds in the real torch and visdom."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import visdom

from torchproof.api.every_class import GIVEN, written_in
from torchproof.api.inventory import UnknownName, describe, public_names

CLASS = """
class Made:
    'It has a docstring.'
    default: int = 3
    annotated: int
    def __init__(self) -> None: self.kept = 1
    def _private(self) -> None: self.other = 2
    def __call__(self) -> None: ...
"""
VERSION = torch.__version__.partition("+")[0]


@pytest.fixture(scope="module")
def names() -> dict[str, dict[str, str]]:
    return {
        area: {name.qualified: name.kind for name in found}
        for area, found in public_names().items()
    }


@pytest.mark.skipif(not VERSION.startswith("2.13."), reason="counted on torch 2.13")
def test_counts_are_those_of_the_survey(names: dict[str, dict[str, str]]) -> None:
    counts = {area: len(found) for area, found in names.items()}
    assert counts == {"nn-module": 104, "autograd": 83 + 24, "visdom": 43}


@pytest.mark.parametrize(
    ("area", "name", "kind"),
    [
        ("nn-module", "torch.nn.Module", "class"),
        ("nn-module", "torch.nn.Module.to", "method"),
        ("nn-module", "torch.nn.Module.forward", "method"),
        ("nn-module", "torch.nn.Module.training", "attribute"),
        ("nn-module", "torch.nn.Module._backward_hooks", "attribute"),
        ("nn-module", "torch.nn.Module.__setattr__", "method"),
        ("nn-module", "torch.nn.modules.module.register_module_forward_hook", "function"),
        ("autograd", "torch.no_grad", "class"),
        ("autograd", "torch.is_grad_enabled", "function"),
        ("autograd", "torch.autograd.gradcheck", "function"),
        ("autograd", "torch.autograd.gradcheck.GradcheckError", "class"),
        ("autograd", "torch.autograd.Function.save_for_backward", "method"),
        ("autograd", "torch.autograd.Function.needs_input_grad", "attribute"),
        ("autograd", "torch.autograd.graph.Node.next_functions", "property"),
        ("autograd", "torch.Tensor.requires_grad_", "method"),
        ("autograd", "torch.Tensor._version", "attribute"),
        ("visdom", "visdom.Visdom.line", "method"),
        ("visdom", "visdom.Visdom.session", "property"),
    ],
)
def test_name_is_listed(names: dict[str, dict[str, str]], area: str, name: str, kind: str) -> None:
    assert names[area][name] == kind


@pytest.mark.parametrize(
    "name",
    [
        "torch.nn.Module.__doc__",
        "torch.autograd.grad_mode",
        "torch.autograd.grad_mode.no_grad",
        "torch.autograd.no_grad",
        "torch.autograd.function.Function",
        "torch.autograd.profiler.profile",
        "torch.autograd.Function.next_functions",
        "torch.autograd.graph.Node._abc_impl",
        "visdom.Visdom._send",
    ],
)
def test_name_is_not_listed(names: dict[str, dict[str, str]], name: str) -> None:
    assert not any(name in found for found in names.values())


def test_every_name_has_a_description(names: dict[str, dict[str, str]]) -> None:
    for found in names.values():
        for name, kind in found.items():
            description = describe(name)
            assert description.kind == kind
            assert bool(description.signature) == (kind not in ("attribute", "property")), name
            assert not re.search(r"0x[0-9a-f]{4}|typing\.|ForwardRef", description.signature), name
            assert description.upstream_url.startswith("https://")


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("torch.nn.Module.to", "(*args, **kwargs)"),
        ("torch.nn.Module.apply", "(fn: Callable[[Module], None]) -> Self"),
        ("torch.nn.Module.training", ""),
        ("torch.autograd.Function.forward", "(*args: Any, **kwargs: Any) -> Any"),
        ("torch.Tensor.requires_grad_", "(requires_grad=True) -> Tensor"),
        ("torch.Tensor.detach", "(...)"),
        ("torch.is_grad_enabled", "() -> bool"),
        ("torch.set_grad_enabled", "(mode: bool)"),
        (
            "torch.autograd.graph.save_on_cpu",
            "(pin_memory: bool = False, device_type: str = 'cuda')",
        ),
        ("torch.optim.Optimizer.zero_grad", "(set_to_none: bool = True) -> None"),
        ("visdom.Visdom.close", "(win=None, env=None)"),
    ],
)
def test_signature(name: str, signature: str) -> None:
    assert describe(name).signature == signature


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("torch.nn.Module.apply", torch.nn.Module.apply),
        ("torch.Tensor.backward", torch.Tensor.backward),
        ("torch.autograd.graph.disable_saved_tensors_hooks", None),
        ("visdom.Visdom.text", visdom.Visdom.text),
    ],
)
def test_source_is_where_the_name_is_defined(name: str, value: Any) -> None:
    description = describe(name)
    assert description.source_file is not None and description.source_line is not None
    package = sys.modules[name.partition(".")[0]]
    assert package.__file__ is not None
    path = Path(package.__file__).parents[1] / description.source_file
    lines = path.read_text(encoding="utf-8").splitlines()[description.source_line - 1 :][:3]
    assert any(f"def {name.rpartition('.')[2]}(" in line for line in lines)
    if value is not None:
        assert description.source_line == value.__code__.co_firstlineno


def test_line_of_an_attribute_and_absence_of_c_sources() -> None:
    description = describe("torch.nn.Module._backward_hooks")
    assert description.source_file == "torch/nn/modules/module.py"
    assert description.source_url == (
        f"https://github.com/pytorch/pytorch/blob/v{VERSION}/torch/nn/modules/module.py"
        f"#L{description.source_line}"
    )
    assert describe("torch.Tensor.detach").source_file is None
    assert describe("torch.Tensor.detach").source_url is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("torch.nn.Module.to", "generated/torch.nn.Module.html#torch.nn.Module.to"),
        ("torch.nn.Module._apply", "generated/torch.nn.Module.html"),
        ("torch.Tensor.backward", "generated/torch.Tensor.backward.html"),
        ("torch.Tensor._version", "tensors.html"),
        ("torch.no_grad", "generated/torch.no_grad.html"),
        ("torch.autograd.grad", "generated/torch.autograd.grad.html"),
        ("torch.autograd.gradcheck", "generated/torch.autograd.gradcheck.gradcheck.html"),
        ("torch.autograd.Function", "autograd.html#torch.autograd.Function"),
        ("torch.autograd.Function.forward", "generated/torch.autograd.Function.forward.html"),
        (
            "torch.autograd.Function.mark_dirty",
            "generated/torch.autograd.function.FunctionCtx.mark_dirty.html",
        ),
        ("torch.autograd.Function.to_save", "autograd.html"),
        (
            "torch.autograd.set_multithreading_enabled",
            "generated/torch.autograd.grad_mode.set_multithreading_enabled.html",
        ),
        (
            "torch.autograd.graph.save_on_cpu",
            "autograd.html#torch.autograd.graph.save_on_cpu",
        ),
        ("torch.autograd.graph.Node.name", "generated/torch.autograd.graph.Node.name.html"),
        ("torch.autocast", "amp.html#torch.autocast"),
        ("torch.amp.custom_fwd", "amp.html#torch.amp.custom_fwd"),
        ("torch.amp.GradScaler", "amp.html#gradient-scaling"),
        ("torch.amp.GradScaler.unscale_", "amp.html#gradient-scaling"),
        ("torch.nn.utils.clip_grad_norm_", "generated/torch.nn.utils.clip_grad_norm_.html"),
        ("torch.optim.Optimizer.step", "generated/torch.optim.Optimizer.step.html"),
        (
            "torch.__future__.set_swap_module_params_on_conversion",
            "future_mod.html#torch.__future__.set_swap_module_params_on_conversion",
        ),
        ("torch.library.custom_op", "library.html#torch.library.custom_op"),
        ("torch.func.vmap", "generated/torch.func.vmap.html"),
    ],
)
def test_upstream_page(name: str, address: str) -> None:
    edition = ".".join(VERSION.split(".")[:2])
    assert describe(name).upstream_url == f"https://docs.pytorch.org/docs/{edition}/{address}"


@pytest.mark.parametrize(
    ("method", "anchor"),
    [("line", "visline"), ("sunburst", "vissunburst"), ("setup_socket", "api")],
)
def test_visdom_methods_are_linked_to_the_readme(method: str, anchor: str) -> None:
    url = describe(f"visdom.Visdom.{method}").upstream_url
    assert url == f"https://github.com/fossasia/visdom#{anchor}"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch.nn.Module.zero_grd", "did you mean torch.nn.Module.zero_grad"),
        ("torch.nn.Modul.to", r"did you mean torch.nn.Module.to"),
        ("torch.nn.Module._backward_hook", "torch.nn.Module._backward_hooks"),
        ("torch.zzzzzzzz", r"`torch.zzzzzzzz` does not exist in torch 2[^?]*$"),
        ("nn.Module.to", "`nn.Module.to`: a full name begins with torch or visdom"),
        ("torch", "`torch` is a module; name what is in it"),
        ("torch.nn", "`torch.nn` is a module; name what is in it"),
        ("", "``"),
    ],
)
def test_unknown_name_is_an_error_that_suggests(name: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message) as caught:
        describe(name)
    assert isinstance(caught.value, ValueError)


def test_command_prints_the_same_json_in_every_process() -> None:
    command = [sys.executable, "-m", "torchproof.api.inventory", "torch.nn.Module.to", "torch.nope"]
    first, second = (
        subprocess.run(
            command,
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    data = json.loads(first)
    assert {"qualified": "visdom.Visdom.line", "kind": "method", "area": "visdom"} in data["names"]
    assert data["described"]["torch.nn.Module.to"]["signature"] == "(*args, **kwargs)"
    assert "torch.nope" in data["errors"]
    assert {name["qualified"] for name in data["names"]} < {*data["described"], "torch.nope"}


def test_class_made_here_lists_what_its_author_wrote() -> None:
    namespace: dict[str, Any] = {}
    # Compiled apart: this file's own classes would have other annotations on Python 3.14.
    code = compile(CLASS, "<class>", "exec", dont_inherit=True)
    exec(code, namespace)
    made = namespace["Made"]
    inspect.get_annotations(made)
    assert [name for name, _ in written_in(made)] == ["default", "__init__", "_private", "__call__"]
    assert {name for name in vars(made) if name not in dict(written_in(made))} <= GIVEN
    assert not {"default", "_private", "__call__"} & GIVEN


def test_import_needs_no_torch() -> None:
    code = "import sys, torchproof.api.inventory; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
