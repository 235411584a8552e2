"""A real Dask scheduler and workers, each a process of its own, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
import pytest
from sites import entry, page
from test_pytest_plugin import Run, pytest_in
from trees import NO_TORCH, Ear, line_of, one_script, one_subject, section, write_tree

from torchproof.records.record import read_records
from torchproof.running.cluster import Cluster, ClusterError
from torchproof.running.environment import describe_environment
from torchproof.running.jobs import ForeignCode, Job, code_digest, run_job, run_jobs

INI = "[pytest]\ntestpaths = docs gallery\naddopts = -p torchproof.hosts.pytest_plugin\n"
PAGE = page(
    entry("torch.nn.Module.to", ">>> sys.byteorder\n'little'"),
    section("wrong", ">>> 1 + 1\n3"),
    "\n## streams\n\n```{subject}\n:only: cuda\n:because: streams\n```\n\n"
    "```{doctest}\n>>> 1\n1\n```\n",
    setup=NO_TORCH,
)
FILES = {
    "pytest.ini": INI,
    "docs/a.md": PAGE,
    "gallery/x/y.py": '"""Title"""\nassert __name__ == "__main__"\n',
}


@dataclass
class Dask:
    """A scheduler, and workers that are started as a test needs them."""

    address: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def worker(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a worker and wait until the scheduler knows it."""
        flags = ("--nthreads", "1", "--no-nanny", "--no-dashboard", *arguments)
        process = started("worker", self.address, *flags, until="Registered to", env=env)
        self.processes.append(process)
        return process


def started(
    what: str, *arguments: str, until: str, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a part of Dask; return when it has said what it says when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", what, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if until in line:
            process.said = line  # type: ignore[attr-defined]
            return process
    raise AssertionError(f"dask {what} ended before it said {until!r}")


@pytest.fixture
def dask() -> Iterator[Dask]:
    scheduler = started(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", until="Scheduler at:"
    )
    address = scheduler.said.split()[-1]  # type: ignore[attr-defined]
    dask = Dask(address, [scheduler])
    try:
        yield dask
    finally:
        for process in reversed(dask.processes):
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


def dask_run(root: Path, dask: Dask, *arguments: str) -> Run:
    return pytest_in(root, "--dask", dask.address, *arguments)


def test_cluster_comes_to_the_outcomes_of_this_machine(dask: Dask, tmp_path: Path) -> None:
    root = write_tree(tmp_path, FILES)
    dask.worker()
    here = pytest_in(root, "--device", "cpu", "--record", "-rs")
    (record,) = read_records(root / "docs/verified")
    (path,) = (root / "docs/verified").glob("*.json")
    first = path.read_bytes()
    path.unlink()
    there = dask_run(root, dask, "--record", "-rs")
    assert here.status == there.status == pytest.ExitCode.TESTS_FAILED
    assert path.read_bytes() == first
    assert {v.status for v in record.verdicts.values()} == {"passed", "failed", "skipped"}
    line = line_of(PAGE, ">>> 1 + 1")
    assert f"docs/a.md:{line}:\n    1 + 1\nexpected:\n    3\ngot:\n    2\n" in there.output


def test_worker_killed_in_the_middle_loses_nothing(dask: Dask, tmp_path: Path, ear: Ear) -> None:
    first = tmp_path / "first"
    # The first to come waits for ever; whoever runs it again finds the file and goes on.
    block = (
        f">>> first = os.path.exists({str(first)!r})\n>>> open({str(first)!r}, 'a').close()\n"
        f"{ear.say('os.getppid()')}\n>>> if not first:\n...     threading.Event().wait()\n>>> 1\n1"
    )
    sections = [section(f"quick {n}", f">>> {n}\n{n}") for n in range(20)]
    root = write_tree(
        tmp_path / "tree",
        {"pytest.ini": INI, "docs/a.md": page(section("slow", block), *sections, setup=NO_TORCH)},
    )
    workers = [dask.worker(), dask.worker()]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    run = subprocess.Popen(
        [*command, "--dask", dask.address, "--record"], cwd=root, stdout=subprocess.PIPE, text=True
    )
    parent = psutil.Process(int(ear.heard()))
    killed = next(w for w in workers if w.pid == parent.ppid())
    killed.kill()
    ear.heard()
    output, _ = run.communicate(timeout=120)
    assert run.returncode == pytest.ExitCode.OK, output
    assert "21 passed" in output
    # What the dead worker had started has ended with it.
    psutil.wait_procs([parent], timeout=60)
    assert not parent.is_running()
    (record,) = read_records(root / "docs/verified")
    assert len(record.verdicts) == 21
    assert {verdict.status for verdict in record.verdicts.values()} == {"passed"}


def test_cuda_goes_to_workers_that_advertise_it_alone(dask: Dask) -> None:
    dask.worker("--name", "plain", env={"WORKER": "plain"})
    dask.worker("--name", "gpu", "--resources", "cuda=1", env={"WORKER": "gpu"})
    with closing(Cluster(dask.address)) as cluster:
        for wanted in ([], ["all"], ["cpu", "cuda", "cpu"]):
            assert cluster.chosen_devices(wanted) == ("cpu", "cuda")
        with pytest.raises(
            ValueError, match=r"^unknown device 'tpu'; known are cpu, cuda, .* and all$"
        ):
            cluster.chosen_devices(["tpu"])
        calls = [cluster.executor("cuda").submit(os.getenv, "WORKER") for _ in range(20)]
        assert {call.result() for call in calls} == {"gpu"}


def test_cuda_without_a_worker_for_it_is_one_message(dask: Dask, tmp_path: Path) -> None:
    dask.worker()
    run = dask_run(write_tree(tmp_path, FILES), dask, "--device", "cuda")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert (
        f"ERROR: --device: no worker of {dask.address} advertises cuda; start one where a GPU is "
        f"with `dask worker {dask.address} --resources cuda=1`"
    ) in run.output


def test_last_worker_with_cuda_that_leaves_is_one_error(dask: Dask) -> None:
    dask.worker()
    gpu = dask.worker("--resources", "cuda=1")
    with closing(Cluster(dask.address, patience=1)) as cluster:
        assert cluster.result(cluster.executor("cuda").submit(abs, -1), "cuda") == 1
        gpu.kill()
        gpu.wait()
        calls = [cluster.executor("cuda").submit(abs, -number) for number in (1, 2)]
        for call in calls:
            with pytest.raises(ClusterError) as caught:
                cluster.result(call, "cuda")
            assert str(caught.value) == (
                f"the last worker of {dask.address} for cuda has left, and none came in 1 s; start "
                f"one with `dask worker {dask.address} --resources cuda=1` and run again"
            )
        # Who asks after that does not wait for one as long again.
        begin = time.perf_counter()
        with pytest.raises(ClusterError):
            cluster.result(calls[0], "cuda")
        assert time.perf_counter() - begin < 1
        # The others go on, and a new one takes up what waits.
        assert cluster.result(cluster.executor("cpu").submit(abs, -3), "cpu") == 3
        dask.worker("--resources", "cuda=1")
        assert [cluster.result(call, "cuda") for call in calls] == [1, 2]


def test_scheduler_that_leaves_is_one_error(dask: Dask) -> None:
    dask.worker()
    with closing(Cluster(dask.address, patience=1)) as cluster:
        call = cluster.executor("cpu").submit(lambda: threading.Event().wait())
        scheduler = dask.processes[0]
        scheduler.kill()
        scheduler.wait()
        with pytest.raises(ClusterError, match=r"scheduler at .* has left; start it"):
            cluster.result(call, "cpu")


def test_scheduler_that_is_not_there_is_one_message() -> None:
    with pytest.raises(ClusterError) as caught:
        Cluster("tcp://127.0.0.1:1", patience=1)
    assert str(caught.value).startswith("no Dask scheduler at tcp://127.0.0.1:1 (OSError: ")
    assert str(caught.value).endswith(
        "; start one with `dask scheduler --host HOST`, and workers with `dask worker ADDRESS "
        "--host HOST`, where HOST is an address that only your machines reach"
    )


def test_scheduler_without_workers_is_one_message(dask: Dask) -> None:
    with pytest.raises(ClusterError) as caught:
        Cluster(dask.address, patience=1)
    assert str(caught.value) == (
        f"the Dask scheduler at {dask.address} has no worker; start some with "
        f"`dask worker {dask.address}`"
    )


def test_worker_with_another_version_is_named(dask: Dask, tmp_path: Path) -> None:
    package = tmp_path / "torchproof"
    source = Path(sys.modules["torchproof"].__file__ or "").parent
    for path in source.rglob("*.py"):
        name = path.relative_to(source).as_posix()
        write_tree(package, {name: path.read_text(encoding="utf-8")})
    write_tree(
        package, {"running/worker.py": "# edited\n" + (source / "running/worker.py").read_text()}
    )
    dask.worker(env={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(ClusterError) as caught:
        Cluster(dask.address)
    assert "has another version of torchproof than this checkout" in str(caught.value)
    assert f"({code_digest()} here); check out the same commit there" in str(caught.value)


def test_worker_without_torchproof_is_named(dask: Dask, tmp_path: Path) -> None:
    write_tree(tmp_path, {"torchproof/__init__.py": ""})
    dask.worker(env={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(
        ClusterError, match=r"cannot run subjects \(.*No module named .torchproof.running"
    ):
        Cluster(dask.address)


@pytest.mark.parametrize("option", [("-n", "2"), ("--no-fork",), ("--patch", "pytest.ini")])
def test_dask_and_what_is_of_this_machine_do_not_mix(
    tmp_path: Path, option: tuple[str, ...]
) -> None:
    run = pytest_in(write_tree(tmp_path, FILES), "--dask", "tcp://127.0.0.1:1", *option)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "--dask runs elsewhere: leave -n, --due, --patch, --no-fork out" in run.output


def test_any_executor_runs_jobs(tmp_path: Path) -> None:
    section_ = one_subject(tmp_path, ">>> 1 + 1\n2", setup=NO_TORCH)
    script = one_script(tmp_path, '"""Title"""\nassert __file__.endswith("script.py")\n')
    jobs = [Job(subject, "cpu", code_digest()) for subject in (section_, script)]
    with ProcessPoolExecutor(1) as pool:
        reports = {
            job.subject.id: report for job, report in run_jobs(jobs, executor=pool, run=run_job)
        }
    assert {report.outcome.status for report in reports.values()} == {"passed"}
    assert {report.environment.device for report in reports.values()} == {"cpu"}
    assert len(reports) == 2


def test_job_for_another_version_is_refused(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, ">>> 1\n1", setup=NO_TORCH)
    with pytest.raises(ForeignCode, match="has another version of torchproof"):
        run_job(Job(subject, "cpu", "0" * 12))


def test_report_holds_the_environment_of_its_worker(dask: Dask, tmp_path: Path) -> None:
    root = write_tree(tmp_path, FILES)
    dask.worker()
    dask_run(root, dask, "--junitxml=junit.xml")
    properties = ET.parse(root / "junit.xml").iter("property")
    found = {p.get("value") for p in properties if p.get("name") == "environment"}
    assert found == {msgspec.json.encode(describe_environment("cpu")).decode()}
