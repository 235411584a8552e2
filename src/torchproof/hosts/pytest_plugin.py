"""Collect subjects as pytest items, one per device.

`pytest -p torchproof.hosts.pytest_plugin docs gallery` runs them all.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from torchproof.finding.marks import BELOW, release_of
from torchproof.finding.subjects import Found, Subject
from torchproof.finding.tree import find_files
from torchproof.hosts.gpu_memory import share_memory
from torchproof.hosts.open_pages import open_pages, with_time
from torchproof.hosts.pytest_options import add_options
from torchproof.hosts.pytest_summary import Summary
from torchproof.records.passed import passed_here
from torchproof.records.record import RecordError, read_records
from torchproof.running.cluster import Cluster, ClusterError
from torchproof.running.environment import torch_version
from torchproof.running.outcome import report
from torchproof.running.runners import ClusterRunner, LocalRunner, Runner
from torchproof.running.worker import FORKS, Worker, WorkerError

_FILES = pytest.StashKey[dict[Path, Found]]()
_RUNNER = pytest.StashKey[Runner]()
_DEVICES = pytest.StashKey[tuple[str, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Find the subjects, start the runner and choose the devices, before collection."""
    if config.option.help or config.option.version:
        return
    if config.option.record and config.option.patch:
        raise pytest.UsageError("--record is for torch as installed; leave --patch out")
    patch = config.option.patch
    if patch is not None and not patch.is_file():
        raise pytest.UsageError(f"--patch: no file {patch}")
    if config.option.record or config.option.due or config.option.drift:
        _check_records(config)
    processes = getattr(config.option, "numprocesses", None)
    here = patch or config.option.no_fork or config.option.due or processes
    if config.option.dask and here:
        raise pytest.UsageError("--dask runs elsewhere: leave -n, --due, --patch, --no-fork out")
    if processes:
        share_memory(processes)
    open_pages(config)
    # pytest accepts `[` only after `::`, which the id of a script lacks.
    config.args[:] = [_script_argument(argument) for argument in config.args]
    files = config.stash[_FILES] = find_files(config.rootpath, cache=_found_before(config))
    subjects = [subject for found in files.values() for subject in found.subjects]
    runner = config.stash[_RUNNER] = _runner(config, subjects)
    config.add_cleanup(runner.close)
    config.stash[_DEVICES] = _devices(config, runner)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Summary(config, subjects), "torchproof-summary")


def _found_before(config: pytest.Config) -> Path | None:
    """Return the cache file of the finder; under xdist each process would read all pages."""
    cache: pytest.Cache | None = getattr(config, "cache", None)
    try:
        return cache.mkdir("torchproof") / "found.json" if cache else None
    except OSError:  # a read-only checkout
        return None


def _runner(config: pytest.Config, subjects: list[Subject]) -> Runner:
    if address := config.option.dask:
        try:
            return ClusterRunner(Cluster(address))
        except ClusterError as error:
            raise pytest.UsageError(f"--dask: {error}") from None
    patch = config.option.patch
    worker = Worker(
        root=config.rootpath,
        # Under xdist the controller runs no subject, so torch alone is preloaded.
        subjects=() if getattr(config.option, "numprocesses", None) else subjects,
        patch=patch.resolve() if patch else None,
        fork=FORKS and not config.option.no_fork,
    )
    return LocalRunner(worker)


def _check_records(config: pytest.Config) -> None:
    """Refuse early, not after hours, if records are unreadable or torch is beyond the range."""
    try:
        read_records(config.rootpath / "docs" / "verified")
    except RecordError as error:
        raise pytest.UsageError(f"--record: {error}") from None
    torch = torch_version().partition("+")[0]
    if config.option.record and torch and release_of(torch) >= BELOW:
        raise pytest.UsageError(
            f"--record: the pages do not speak of torch {torch} yet; see what has changed with "
            "--drift, then widen the range in finding/marks.py and pyproject.toml"
        )


def _devices(config: pytest.Config, runner: Runner) -> tuple[str, ...]:
    if hasattr(config, "workerinput"):
        return tuple(config.workerinput["torchproof_devices"])
    wanted = config.option.device
    if config.option.collectonly and not wanted:
        return ("cpu",)
    try:
        return runner.chosen_devices(wanted)
    except ValueError as error:
        raise pytest.UsageError(f"--device: {error}") from None
    except WorkerError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Send the chosen devices to an xdist worker."""
    node.workerinput["torchproof_devices"] = list(node.config.stash[_DEVICES])


def _script_argument(argument: str) -> str:
    path, bracket, device = argument.partition("[")
    return f"{path}::script[{device}" if bracket and path.endswith(".py") else argument


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the pages under docs and the scripts under gallery."""
    if file_path in parent.config.stash[_FILES]:
        return SubjectFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    """Prevent pytest from importing a script named on the command line."""
    if module_path in parent.config.stash[_FILES]:
        return NoTests.from_parent(parent, path=module_path)
    return None


class NoTests(pytest.File):
    """A script as seen by pytest's own collector: without tests."""

    def collect(self) -> list[pytest.Item]:
        """Collect nothing."""
        return []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --due, deselect items with a passing verdict here for their current digest."""
    runner = config.stash[_RUNNER]
    if config.option.due and isinstance(runner, LocalRunner):
        records = read_records(config.rootpath / "docs" / "verified")
        here = [runner.environment(device) for device in config.stash[_DEVICES]]
        known = passed_here(records, here)
        left_out = [i for i in items if isinstance(i, SubjectItem) and known(i.subject, i.device)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Announce the selected items to the runner, so that a cluster can start all of them."""
    if not session.config.option.collectonly:
        items = [item for item in session.items if isinstance(item, SubjectItem)]
        session.config.stash[_RUNNER].expect((item.subject, item.device) for item in items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a skipped subject at its own line, not at the line where this plugin skips it."""
    report = yield
    if isinstance(item, SubjectItem) and call.excinfo is not None and report.skipped:
        report.longrepr = (str(item.path), item.subject.line, str(call.excinfo.value))
    return report


class SubjectFile(pytest.File):
    """A page or a script."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item per subject and device; raises CollectError if the file has a problem."""
        found = self.config.stash[_FILES][self.path]
        if found.problems:
            raise self.CollectError("\n".join(map(str, found.problems)))
        for subject in found.subjects:
            for device in self.config.stash[_DEVICES]:
                yield SubjectItem.make(self, subject, device)


class SubjectItem(pytest.Item):
    """One subject on one device."""

    subject: Subject
    device: str

    @classmethod
    def make(cls, parent: SubjectFile, subject: Subject, device: str) -> SubjectItem:
        """Create the item; its node id is the subject's id with the device in brackets."""
        name = subject.id.partition("::")[2] or "script"
        nodeid = f"{subject.id}[{device}]"
        item: SubjectItem = cls.from_parent(parent, name=f"{name}[{device}]", nodeid=nodeid)
        item.subject, item.device = subject, device
        item.user_properties += [("device", device), ("digest", subject.digest)]
        item.extra_keyword_matches |= {*subject.names, *subject.id.split("/"), subject.kind}
        return item

    def runtest(self) -> None:
        """Run the subject in a fresh process."""
        subject = with_time(self.subject, self.config)
        came = self.config.stash[_RUNNER].run(subject, self.device)
        outcome = came.outcome
        self.user_properties += [
            ("environment", msgspec.json.encode(came.environment).decode()),
            ("failures", msgspec.json.encode(outcome.failures).decode()),
            ("outcome", outcome.status),
            ("reason", outcome.reason.split("\n")[0]),
            ("examples", outcome.examples),
            ("checked", outcome.checked),
            ("seconds", round(outcome.seconds, 4)),
        ]
        if outcome.status == "skipped":
            pytest.skip(outcome.reason)
        if outcome.status != "passed":
            raise SubjectFailed(report(self.subject.file, outcome))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show expected and actual output, without the runner's own frames."""
        if isinstance(excinfo.value, SubjectFailed | WorkerError | ClusterError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the file and line of the subject, and the headline of a failure."""
        # If the headline ends the node id, pytest takes its dots for those of Python names.
        return self.path, self.subject.line - 1, f"{self.subject.id} on {self.device}"


class SubjectFailed(Exception):
    """A subject did not behave as its page shows."""
