"""Run subjects on a Dask cluster: those for CUDA on the workers that advertise it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError, Executor, Future, wait
from typing import Any, TypeVar

from torchproof.devices import DEVICES, KNOWN
from torchproof.running.jobs import code_digest, foreign_code

_T = TypeVar("_T")
_PATIENCE = 10
"""Seconds to wait for the scheduler, for its first worker, and for a worker to come back."""


class ClusterError(RuntimeError):
    """No cluster can run the subjects; the message gives the next step."""


class Cluster:
    """The workers of a Dask scheduler; call `close`, or use `contextlib.closing`.

    Raises ClusterError if there is no scheduler or worker, or a worker cannot run subjects.
    """

    def __init__(self, address: str, *, patience: float = _PATIENCE) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError:
            raise ClusterError("--dask needs distributed: pip install 'torchproof[dask]'") from None
        self._address = address
        self._patience = patience
        self._deserted: set[str] = set()
        try:
            self._client = _connect(address, patience)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler at {address} ({_first_line(error)}); start one with "
                "`dask scheduler --host HOST`, and workers with `dask worker ADDRESS --host HOST`, "
                "where HOST is an address that only your machines reach"
            ) from None
        try:
            self._check_workers(patience)
        except BaseException:
            self.close()
            raise

    def chosen_devices(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the devices to run on; an empty `wanted` or `all` selects every worker's devices.

        Raises ValueError for a device that is unknown or that no worker has.
        """
        present = self._devices()
        if not wanted or "all" in wanted:
            return present
        for device in wanted:
            if device not in DEVICES:
                raise ValueError(f"unknown device {device!r}; known are {KNOWN} and all")
            if device not in present:
                raise ValueError(
                    f"no worker of {self._address} advertises {device}; start one where a GPU is "
                    f"with `dask worker {self._address} --resources {device}=1`"
                )
        return tuple(dict.fromkeys(wanted))

    def executor(self, device: str) -> Executor:
        """Return an executor that submits its calls to workers with the device.

        If a worker dies, its calls run again on another worker.
        """
        needed = {} if device == "cpu" else {"resources": {device: 1}}
        executor: Executor = self._client.get_executor(pure=False, **needed)
        return executor

    def result(self, call: Future[_T], device: str) -> _T:
        """Wait for a call submitted to `executor(device)`, and return its result.

        Raises ClusterError if the last worker for the device has left and no other one joined, or
        if the scheduler has left.
        """
        absent = device in self._deserted
        while not wait([call], timeout=0 if device in self._deserted else self._patience).done:
            if self._has_worker(device):
                absent = False
                self._deserted.discard(device)
            elif absent:
                # Later calls for this device do not wait for a worker again.
                self._deserted.add(device)
                flag = "" if device == "cpu" else f" --resources {device}=1"
                raise ClusterError(
                    f"the last worker of {self._address} for {device} has left, and none came in "
                    f"{self._patience:g} s; start one with `dask worker {self._address}{flag}` and "
                    "run again"
                )
            else:
                absent = True
        try:
            return call.result()
        except CancelledError:
            raise ClusterError(
                f"the Dask scheduler at {self._address} has left; start it and its workers, then "
                "run again"
            ) from None

    def close(self) -> None:
        """Disconnect; the cluster keeps running, the results of pending calls are lost."""
        self._client.close()

    def _has_worker(self, device: str) -> bool:
        workers = self._client.scheduler_info()["workers"].values()
        return any(device == "cpu" or worker["resources"].get(device) for worker in workers)

    def _devices(self) -> tuple[str, ...]:
        resources = self._client.run(_resources)
        have = {name for of_one in resources.values() for name in of_one}
        return tuple(d for d in DEVICES if d == "cpu" or d in have)

    def _check_workers(self, patience: float) -> None:
        try:
            self._client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise ClusterError(
                f"the Dask scheduler at {self._address} has no worker; start some with "
                f"`dask worker {self._address}`"
            ) from None
        answers = self._client.run(code_digest, on_error="return")
        for address, answer in sorted(answers.items()):
            if isinstance(answer, Exception):
                raise ClusterError(
                    f"the worker {address} cannot run subjects ({_first_line(answer)}); install "
                    "this checkout there with `pip install '.[doctest,dask]'` and start it again"
                )
            if answer != code_digest():
                raise ClusterError(foreign_code(f"the worker {address}"))


def _connect(address: str, patience: float) -> Any:
    # distributed's methods are not annotated.
    from distributed import Client

    return Client(address, timeout=patience, set_as_default=False)  # type: ignore[no-untyped-call]


def _resources(dask_worker: Any) -> dict[str, float]:
    resources: dict[str, float] = dask_worker.state.total_resources
    return resources


def _first_line(error: BaseException) -> str:
    # distributed wraps an error that cannot be unpickled in a bare Exception.
    kind = "" if type(error) is Exception else f"{type(error).__name__}: "
    return f"{kind}{error}".split("\n")[0]
