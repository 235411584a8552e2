"""Run subjects on this machine or on a cluster, behind one interface for the hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from torchproof.finding.subjects import Subject
from torchproof.running.cluster import Cluster
from torchproof.running.jobs import Job, Report, code_digest, run_job
from torchproof.running.worker import Worker


class Runner(Protocol):
    """Run subjects on devices."""

    def chosen_devices(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the devices to run on; raises ValueError for an unavailable one."""

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Announce the subjects and devices that will run, in this order."""

    def run(self, subject: Subject, device: str) -> Report:
        """Return the report of a subject on a device: run it, or wait for its result."""

    def close(self) -> None:
        """Stop or abandon what still runs."""


class LocalRunner:
    """Run each subject on this machine when `run` is called."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.chosen_devices = worker.chosen_devices
        self.environment = worker.environment
        self.close = worker.close

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Do nothing."""

    def run(self, subject: Subject, device: str) -> Report:
        """Run a subject on a device and return its report."""
        return self.run_job(Job(subject, device, code_digest()))

    def run_job(self, job: Job) -> Report:
        """Run a job; may be called from several threads."""
        outcome = self._worker.run(job.subject, job.device)
        return Report(outcome, self._worker.environment(job.device))


class ClusterRunner:
    """Submit all expected subjects to a cluster at once; `run` waits for one of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._futures: dict[tuple[str, str], Future[Report]] = {}
        self.chosen_devices = cluster.chosen_devices

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Submit everything to the cluster."""
        for subject, device in wanted:
            job = Job(subject, device, code_digest())
            executor = self._cluster.executor(device)
            self._futures[subject.id, device] = executor.submit(run_job, job)

    def run(self, subject: Subject, device: str) -> Report:
        """Wait for a subject and return its report; raises ClusterError if no worker can run it."""
        return self._cluster.result(self._futures[subject.id, device], device)

    def close(self) -> None:
        """Cancel pending jobs and disconnect from the cluster."""
        for future in self._futures.values():
            future.cancel()
        self._cluster.close()
