"""Where the subjects of a run are run: here, or on a cluster. The hosts see no difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from torchproof.finding.subjects import Subject
from torchproof.running.cluster import Cluster
from torchproof.running.jobs import Job, Report, code_digest, run_job
from torchproof.running.worker import Worker


class Runner(Protocol):
    """Runs subjects on devices."""

    def chosen_devices(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the devices to run on; raises ValueError for one that is not there."""

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Take notice of what will be asked for, in this order."""

    def run(self, subject: Subject, device: str) -> Report:
        """Run a subject on a device, or wait for it, and return what came of it."""

    def close(self) -> None:
        """End what still runs."""


class LocalRunner:
    """Runs each subject when it is asked for, on this machine."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.chosen_devices = worker.chosen_devices
        self.environment = worker.environment
        self.close = worker.close

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Do nothing."""

    def run(self, subject: Subject, device: str) -> Report:
        """Run a subject on a device and return what came of it."""
        return self.run_job(Job(subject, device, code_digest()))

    def run_job(self, job: Job) -> Report:
        """Run a job; may be called from several threads."""
        outcome = self._worker.run(job.subject, job.device)
        return Report(outcome, self._worker.environment(job.device))


class ClusterRunner:
    """Hands all that is expected to a cluster at once, and waits for each when it is asked for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._futures: dict[tuple[str, str], Future[Report]] = {}
        self.chosen_devices = cluster.chosen_devices

    def expect(self, wanted: Iterable[tuple[Subject, str]]) -> None:
        """Hand everything to the workers."""
        for subject, device in wanted:
            job = Job(subject, device, code_digest())
            executor = self._cluster.executor(device)
            self._futures[subject.id, device] = executor.submit(run_job, job)

    def run(self, subject: Subject, device: str) -> Report:
        """Wait for a subject and return what came of it; raises ClusterError if none can run it."""
        return self._cluster.result(self._futures[subject.id, device], device)

    def close(self) -> None:
        """Give up what has not run and leave the cluster."""
        for future in self._futures.values():
            future.cancel()
        self._cluster.close()
