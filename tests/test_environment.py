"""The name of an environment, which is the name of its record."""

from __future__ import annotations

import dataclasses
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from torchproof.running.environment import Environment, describe_environment

CPU = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "x86_64", "AVX2", "cpu")


def test_name_holds_all_that_an_outcome_can_depend_on() -> None:
    assert CPU.id == "torch2.13.0+cpu-visdom0.2.4-py3.11-linux-x86_64-avx2-cpu"
    cuda = dataclasses.replace(
        CPU, build="cu130", device="cuda", device_name="NVIDIA H200 (80GB)", capability="NO AVX"
    )
    assert cuda.id == (
        "torch2.13.0+cu130-visdom0.2.4-py3.11-linux-x86_64-no-avx-cuda-nvidia-h200-80gb"
    )


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Environment)])
def test_environments_that_differ_in_one_field_have_records_of_their_own(field: str) -> None:
    other = dataclasses.replace(CPU, **{field: "other"})
    assert other.id != CPU.id


def test_environment_of_the_cpu_is_that_of_this_process() -> None:
    found = describe_environment("cpu")
    assert (found.torch, found.build) == torch.__version__.partition("+")[::2]
    assert found.python == ".".join(platform.python_version_tuple()[:2])
    assert (found.system, found.machine) == (platform.system().lower(), platform.machine())
    assert found.capability == torch.backends.cpu.get_cpu_capability()
    assert (found.device, found.device_name) == ("cpu", "")


DESCRIBE = """
import sys
from torchproof.running.environment import describe_environment
found = describe_environment("cpu")
print(found.torch, found.build, found.capability, "torch" in sys.modules, sep="|")
"""


def described(cache: Path, **env: str) -> list[str]:
    """Describe the environment of a process that has not imported torch."""
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TORCHPROOF_CACHE": str(cache), **env},
    )
    return done.stdout.strip().split("|")


def test_a_process_without_torch_describes_what_one_with_torch_does(tmp_path: Path) -> None:
    here = describe_environment("cpu")
    expected = [here.torch, here.build, here.capability, "False"]
    assert described(tmp_path) == expected
    # Now it is known, and no torch is asked.
    (known,) = tmp_path.iterdir()
    known.write_text(known.read_text().replace(here.capability, "KEPT"))
    assert described(tmp_path) == [here.torch, here.build, "KEPT", "False"]
    plain = described(tmp_path, ATEN_CPU_CAPABILITY="default")
    assert plain == [here.torch, here.build, "DEFAULT", "False"]


def test_a_torn_file_of_capabilities_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "cpu-capability.json").write_text('{"a": ')
    here = describe_environment("cpu")
    assert described(tmp_path)[2] == here.capability
