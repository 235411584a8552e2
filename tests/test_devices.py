"""What a page gets wrong about an accelerator fails on `sim`, and passes on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import one_subject

from torchproof.accelerator.build import NotBuilt, built
from torchproof.devices import DEVICES, runs_on
from torchproof.running.worker import Worker, WorkerError

MISSING = r"^the simulated accelerator needs a C\+\+ compiler, and there is no no-such-compiler: "
SAME_DEVICE = "Expected all tensors to be on the same device"
FAULTS = {
    "a comparison with a tensor of the CPU": (
        '>>> x = torch.ones(2)\n>>> torch.equal(x, torch.ones(2, device="cpu"))\nTrue',
        SAME_DEVICE,
    ),
    "a factory in a hook": (
        ">>> x = torch.ones(2, requires_grad=True)\n>>> y = x * 2\n"
        ">>> _ = y.register_hook(lambda grad: grad * torch.tensor([1.0, 2.0]))\n"
        ">>> y.sum().backward()\n>>> x.grad\ntensor([2., 4.])",
        SAME_DEVICE,
    ),
    "a factory in the backward of a Function": (
        ">>> class F(torch.autograd.Function):\n...     @staticmethod\n"
        "...     def forward(ctx, x):\n...         return x * 2\n...     @staticmethod\n"
        "...     def backward(ctx, grad):\n...         return grad * torch.full((2,), 2.0)\n"
        ">>> x = torch.ones(2, requires_grad=True)\n>>> F.apply(x).sum().backward()\n"
        ">>> x.grad\ntensor([2., 2.])",
        SAME_DEVICE,
    ),
    "an array over the memory of a tensor": (
        ">>> torch.ones(2).numpy().tolist()\n[1.0, 1.0]",
        "can't convert sim:0 device type tensor to numpy",
    ),
    "a generator of the CPU": (
        ">>> torch.rand(1, generator=torch.Generator().manual_seed(0)).shape\ntorch.Size([1])",
        "Expected a 'sim' device type for generator but found 'cpu'",
    ),
}
RIGHT = (
    ">>> x = torch.ones(2, requires_grad=True)\n>>> y = x * 2\n"
    ">>> _ = y.register_hook(lambda grad: grad * grad.new_tensor([1.0, 2.0]))\n"
    ">>> y.sum().backward()\n>>> x.grad\ntensor([2., 4.])"
)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    try:
        built()
    except NotBuilt as error:
        pytest.skip(str(error))
    with Worker(root=tmp_path_factory.getbasetemp()) as worker:
        yield worker


@pytest.mark.parametrize(("block", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_the_cpu_hides_is_caught(
    tmp_path: Path, worker: Worker, block: str, message: str
) -> None:
    subject = one_subject(tmp_path, block)
    assert worker.run(subject, "cpu").status == "passed"
    outcome = worker.run(subject, "sim")
    assert outcome.status == "failed"
    assert message in outcome.failures[0].got


def test_a_page_that_takes_the_device_from_its_tensors_passes_on_both(
    tmp_path: Path, worker: Worker
) -> None:
    subject = one_subject(tmp_path, RIGHT)
    for device in ("cpu", "sim"):
        outcome = worker.run(subject, device)
        assert outcome.status == "passed", outcome


def test_a_subject_for_accelerators_runs_on_each_but_the_cpu(
    tmp_path: Path, worker: Worker
) -> None:
    block = ">>> torch.accelerator.current_accelerator().type\n'sim'"
    options = ":only: accelerator\n:because: the CPU is none"
    subject = one_subject(tmp_path, block, options=options)
    assert worker.run(subject, "sim").status == "passed"
    skipped = worker.run(subject, "cpu")
    assert (skipped.status, skipped.reason) == (
        "skipped",
        "only on an accelerator: the CPU is none",
    )
    assert [device for device in DEVICES if runs_on("accelerator", device)] == [*DEVICES][1:]


def test_without_a_compiler_the_device_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with Worker(root=tmp_path) as worker:
        with pytest.raises(WorkerError, match=MISSING):
            worker.chosen_devices(["cpu", "sim"])
        assert worker.chosen_devices(["cpu"]) == ("cpu",)
