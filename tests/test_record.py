"""Records on disk: whole or not at all, merged by several writers, honest about what is stale."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from trees import one_subject

from torchproof.code_digest import code_of
from torchproof.files import write_atomically
from torchproof.records.record import (
    RecordError,
    Verdict,
    read_record,
    read_records,
    verdict_of,
    write_verdicts,
)
from torchproof.running.environment import Environment
from torchproof.running.outcome import Outcome

CPU = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "x86_64", "AVX2", "cpu")
CUDA = dataclasses.replace(CPU, device="cuda", device_name="NVIDIA H200")
PASSED = Verdict("d1", "passed", "", 2, 3)
FAILED = Verdict("d2", "failed")
SKIPPED = Verdict("d3", "skipped", "only on cuda: streams")
NEXT_STEP = "delete it and run `tox -e doctest -- --record`"


def test_verdicts_come_back_as_they_were(tmp_path: Path) -> None:
    verdicts = {"b": PASSED, "a": FAILED, "c": SKIPPED}
    path = write_verdicts(tmp_path / "verified", CPU, verdicts)
    assert path == tmp_path / "verified" / f"{CPU.id}.json"
    record = read_record(path)
    assert (record.environment, record.verdicts) == (CPU, verdicts)


def test_record_is_sorted_and_readable_by_everyone(tmp_path: Path) -> None:
    path = write_verdicts(tmp_path, CPU, {"b": PASSED, "a": FAILED})
    text = path.read_text(encoding="utf-8")
    assert list(json.loads(text)["verdicts"]) == ["a", "b"]
    assert text.endswith("}\n")
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_new_verdicts_are_merged_into_the_record(tmp_path: Path) -> None:
    write_verdicts(tmp_path, CPU, {"a": FAILED, "b": PASSED})
    path = write_verdicts(tmp_path, CPU, {"a": PASSED})
    assert read_record(path).verdicts == {"a": PASSED, "b": PASSED}


def test_verdicts_of_subjects_that_are_gone_are_dropped(tmp_path: Path) -> None:
    write_verdicts(tmp_path, CPU, {"gone": PASSED, "kept": PASSED})
    path = write_verdicts(tmp_path, CPU, {"new": PASSED}, known=["kept", "not run"])
    assert set(read_record(path).verdicts) == {"kept", "new"}


def test_each_environment_has_a_file(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none") == []
    write_verdicts(tmp_path, CUDA, {"a": PASSED})
    write_verdicts(tmp_path, CPU, {"a": FAILED})
    assert [record.environment for record in read_records(tmp_path)] == [CPU, CUDA]


def test_verdict_counts_for_the_digest_it_was_seen_with(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, ">>> 1\n1")
    outcome = Outcome("passed", "first line\nsecond line", (), 1, 1, 0.5)
    verdict = verdict_of(subject, outcome)
    code = code_of(subject)
    assert verdict == Verdict(subject.digest, "passed", "first line", 1, 1, code)
    record = read_record(write_verdicts(tmp_path / "verified", CPU, {subject.id: verdict}))
    assert record.verdict(subject) == verdict
    assert record.verdict(one_subject(tmp_path, ">>> 2\n2")) is None
    assert record.verdict(dataclasses.replace(subject, id="other")) is None


def test_verdict_counts_for_the_code_that_compared_it(tmp_path: Path) -> None:
    subject = one_subject(tmp_path, ">>> 1\n1")
    verdict = verdict_of(subject, Outcome("passed"))
    looser = dataclasses.replace(verdict, code="another checker")
    record = read_record(write_verdicts(tmp_path / "verified", CPU, {subject.id: looser}))
    assert record.verdicts == {subject.id: looser}
    assert record.verdict(subject) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n "schema": 1,\n "environment": {', "line 3: not a complete record"),
        ("", "line 1: not a complete record"),
        ("[]", "record of format None, this torchproof reads format 2"),
        ('{"schema": 1}', "record of format 1, this torchproof reads format 2"),
        ('{"schema": 2}', "a field is missing or unknown ('environment')"),
        ('{"schema": 2, "environment": {"torch": "2"}, "verdicts": {}}', "a field is missing"),
        ('{"schema": 2, "environment": ENV, "verdicts": []}', "a field is missing or unknown"),
        ('{"schema": 2, "environment": ENV, "verdicts": {"a": {}}}', "a field is missing"),
        (
            '{"schema": 2, "environment": ENV, "verdicts": {"a": {"digest": "1", "status": '
            '"passed", "mood": "good"}}}',
            "a field is missing or unknown",
        ),
    ],
)
def test_record_that_cannot_be_read_is_named_with_the_next_step(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / f"{CPU.id}.json"
    path.write_text(text.replace("ENV", json.dumps(dataclasses.asdict(CPU))), encoding="utf-8")
    for read in (lambda: read_record(path), lambda: write_verdicts(tmp_path, CPU, {"a": PASSED})):
        with pytest.raises(RecordError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)
        assert str(caught.value).endswith(NEXT_STEP)


def test_record_of_an_older_format_names_the_torch_that_runs_again(tmp_path: Path) -> None:
    environment = {"torch": "2.9.1", "platform": "linux", "device": "cpu"}
    path = tmp_path / "torch2.9.1-py3.11-linux-cpu.json"
    path.write_text(json.dumps({"schema": 1, "environment": environment, "verdicts": {}}))
    with pytest.raises(RecordError) as caught:
        read_record(path)
    assert str(caught.value) == (
        f"{path}: record of format 1, this torchproof reads format 2; delete it and run torch "
        "2.9.1 again with `tox -e doctest-torch29 -- --record`"
    )


def test_record_that_is_not_text_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(RecordError, match="not a complete record"):
        read_record(path)


WRITER = f"""
import sys
from pathlib import Path
from torchproof.running.environment import Environment
from torchproof.records.record import Verdict, write_verdicts

environment = {CPU!r}
name, folder = sys.argv[1:]
sys.stdin.readline()
for number in range(40):
    write_verdicts(Path(folder), environment, {{f"{{name}}{{number}}": Verdict("d", "passed")}})
"""


def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name, str(tmp_path)], stdin=subprocess.PIPE)
        for name in "ab"
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    path = tmp_path / f"{CPU.id}.json"
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            # No reader sees half a file.
            read_record(path)
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    expected = {f"{name}{number}" for name in "ab" for number in range(40)}
    assert set(read_record(path).verdicts) == expected


FILLER = """
import resource, signal, sys
from pathlib import Path

from torchproof.files import write_atomically

# The system ends a write that goes beyond this many bytes.
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
if sys.argv[2] == "killed":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
write_atomically(Path(sys.argv[1]), "new" * 1_000_000)
"""


@pytest.mark.parametrize("how", ["killed", "failed"])
def test_write_that_stops_in_the_middle_leaves_the_old_file_whole(tmp_path: Path, how: str) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(path), how], capture_output=True, check=False
    )
    assert done.returncode == (-signal.SIGXFSZ if how == "killed" else 1)
    assert path.read_text(encoding="utf-8") == "old"
    left = [other.name for other in tmp_path.iterdir() if other != path]
    # A process that is killed can remove nothing; no record is taken from what it leaves.
    assert all(name.startswith(".file-") for name in left)
    assert len(left) == (how == "killed")


def test_equal_content_keeps_the_time_of_the_file(tmp_path: Path) -> None:
    path = write_verdicts(tmp_path, CPU, {"a": PASSED})
    os.utime(path, (1000, 1000))
    write_verdicts(tmp_path, CPU, {"a": PASSED})
    assert path.stat().st_mtime == 1000
    write_verdicts(tmp_path, CPU, {"a": FAILED})
    assert path.stat().st_mtime != 1000


def test_bytes_are_written_as_they_are_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    write_atomically(path, b"\xff\r\n")
    assert path.read_bytes() == b"\xff\r\n"


def test_two_records_of_one_environment_are_named(tmp_path: Path) -> None:
    path = write_verdicts(tmp_path, CPU, {"a": Verdict("d", "passed")})
    (tmp_path / "zcopy.json").write_bytes(path.read_bytes())
    with pytest.raises(RecordError) as caught:
        read_records(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'zcopy.json'}: second record of {CPU.id}, the first is {path.name}; "
        "delete the one that is out of date"
    )


@pytest.mark.parametrize("version", ["2.6.0", "2.16.0", "nightly"])
def test_record_of_a_torch_outside_the_range_is_named(tmp_path: Path, version: str) -> None:
    path = write_verdicts(
        tmp_path, dataclasses.replace(CPU, torch=version), {"a": Verdict("d", "passed")}
    )
    with pytest.raises(RecordError) as caught:
        read_records(tmp_path)
    assert str(caught.value) == (
        f"{path}: record of torch {version}, which these pages do not cover; "
        "delete it, or widen the range in finding/marks.py and pyproject.toml"
    )
