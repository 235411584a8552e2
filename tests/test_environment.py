"""The name of an environment, which is the name of its record."""

from __future__ import annotations

import dataclasses
import platform

import torch

from torchproof.environment import Environment, describe_environment

CPU = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "cpu", "x86_64")


def test_name_holds_what_an_outcome_can_depend_on() -> None:
    assert CPU.id == "torch2.13.0-py3.11-linux-cpu"
    cuda = dataclasses.replace(CPU, device="cuda", device_name="NVIDIA H200 (80GB)")
    assert cuda.id == "torch2.13.0-py3.11-linux-cuda-nvidia-h200-80gb"


def test_environment_of_the_cpu_is_that_of_this_process() -> None:
    found = describe_environment("cpu")
    assert (found.torch, found.build) == torch.__version__.partition("+")[::2]
    assert found.python == ".".join(platform.python_version_tuple()[:2])
    assert (found.device, found.device_name) == ("cpu", platform.machine())
