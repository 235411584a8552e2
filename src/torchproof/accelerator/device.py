"""Register the device `sim` with torch in this process, for good."""

from __future__ import annotations

import functools
import types
from pathlib import Path
from typing import Any

import torch
from torch.utils import backend_registration as registration

from torchproof.accelerator.build import built

NAME = "sim"
_COUNT = 1


@functools.cache
def load(*, cache: Path | None = None) -> torch.device:
    """Register the simulated accelerator with torch as `sim`, and return the device.

    It stays torch's accelerator until the process exits, since torch cannot unregister a device.
    Raises `NotBuilt` if it cannot be compiled.
    """
    library = built(cache=cache)
    registration.rename_privateuse1_backend(NAME)
    torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    torch._register_device_module(NAME, _module())  # type: ignore[no-untyped-call]
    registration.generate_methods_for_privateuse1_backend()
    return torch.device(NAME)


class _Device:
    """The context manager `torch.sim.device`; it does nothing, since there is only one device."""

    def __init__(self, device: Any) -> None:
        self.idx = _index(device)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def _index(device: Any) -> int:
    """Return the index of a device, given as any type that torch takes; refuse a missing device."""
    if device is None:
        return 0
    index = device if isinstance(device, int) else torch.device(device).index or 0
    if not -1 <= index < _COUNT:
        raise RuntimeError(f"{NAME} has one device, {NAME}:0; got {device}")
    return max(index, 0)


def _module() -> types.ModuleType:
    """Return the module that torch uses as `torch.sim`."""
    module: Any = types.ModuleType(f"torch.{NAME}", "The simulated accelerator of torchproof.")
    generator: torch.Generator = torch.ops.torchproof_sim.default_generator()

    def get_rng_state(device: Any = NAME) -> torch.Tensor:
        _index(device)
        return generator.get_state()

    def set_rng_state(new_state: torch.Tensor, device: Any = NAME) -> None:
        _index(device)
        generator.set_state(new_state)

    def manual_seed(seed: int) -> None:
        generator.manual_seed(seed)

    def check_device(device: Any = None) -> None:
        _index(device)

    module.default_generators = (generator,)
    module.get_rng_state, module.set_rng_state = get_rng_state, set_rng_state
    module.get_rng_state_all = lambda: [get_rng_state()]
    module.set_rng_state_all = lambda states: set_rng_state(states[0])
    module.manual_seed = module.manual_seed_all = manual_seed
    module.seed = module.seed_all = generator.seed
    module.initial_seed = generator.initial_seed

    module.device, module._utils = _Device, types.SimpleNamespace(_get_device_index=_utils_index)
    module.is_available = module.is_initialized = lambda: True
    # Without it, checkpoint saves no generator state of the device.
    module._initialized = True
    module.device_count = lambda: _COUNT
    module.current_device = lambda: 0
    module.set_device = check_device
    module.init = module._lazy_init = lambda: None
    # Unlike a GPU, this device works in a fork of a process that has used it.
    module._is_in_bad_fork = lambda: False
    # Calls are synchronous, so there is nothing to wait for.
    module.synchronize = check_device

    module.Stream = functools.partial(torch.Stream, NAME)
    module.Event = functools.partial(torch.Event, NAME)
    module.current_stream = lambda device=None: torch.accelerator.current_stream(device)
    module.get_amp_supported_dtype = lambda: [torch.float16, torch.bfloat16]
    module.is_bf16_supported = lambda: True
    return module  # type: ignore[no-any-return]


def _utils_index(device: Any, optional: bool = False) -> int:
    del optional
    return _index(device)
