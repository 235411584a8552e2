"""Locks lie where only their user writes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from torchproof.cache_folder import cache_folder, make_private
from torchproof.records.record import RecordError, Verdict, write_verdicts
from torchproof.running.environment import Environment

CPU = Environment("2.13.0", "cpu", "0.2.4", "3.11", "linux", "x86_64", "AVX2", "cpu")
VERDICTS = {"a": Verdict("d1", "passed", "", 2, 3)}


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder as all users of a machine share it, and a cache folder not yet made."""
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    monkeypatch.setenv("TORCHPROOF_CACHE", str(tmp_path / "home" / "cache"))
    return shared


def old_lock(record: Path, shared: Path) -> Path:
    """Return where the lock of a record once lay: anyone could know the name."""
    name = hashlib.sha256(str(record.resolve()).encode()).hexdigest()[:16]
    return shared / f"torchproof-{name}.lock"


def test_a_link_planted_in_the_shared_folder_is_not_followed(tmp_path: Path, shared: Path) -> None:
    record = tmp_path / "verified" / f"{CPU.id}.json"
    victim = tmp_path / "victim"
    victim.write_text("precious")
    planted = old_lock(record, shared)
    planted.symlink_to(victim)
    assert write_verdicts(record.parent, CPU, VERDICTS) == record
    assert victim.read_text() == "precious"
    assert list(shared.iterdir()) == [planted]


def test_what_another_user_left_in_the_shared_folder_is_no_hindrance(
    tmp_path: Path, shared: Path
) -> None:
    record = tmp_path / "verified" / f"{CPU.id}.json"
    planted = old_lock(record, shared)
    # No lock can be made of a folder, not even by root, who may write any file.
    planted.mkdir()
    before = planted.stat()
    write_verdicts(record.parent, CPU, VERDICTS)
    assert planted.stat() == before
    assert list(shared.iterdir()) == [planted]


@pytest.mark.usefixtures("shared")
def test_the_cache_folder_is_made_for_its_user_alone(tmp_path: Path) -> None:
    write_verdicts(tmp_path / "verified", CPU, VERDICTS)
    assert cache_folder() == tmp_path / "home" / "cache"
    assert cache_folder().stat().st_mode & 0o777 == 0o700
    assert [path.suffix for path in cache_folder().iterdir()] == [".lock"]


def test_a_folder_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert make_private(tmp_path) == tmp_path
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_no_place_for_a_lock_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("TORCHPROOF_CACHE", str(file / "cache"))
    with pytest.raises(RecordError, match=r"lock \(.*file.*\); set \$TORCHPROOF_CACHE"):
        write_verdicts(tmp_path / "verified", CPU, VERDICTS)


def test_the_users_cache_folder_follows_the_usual_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORCHPROOF_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "torchproof"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert cache_folder() == tmp_path / "me" / ".cache" / "torchproof"


def test_macos_has_its_own_place_for_caches(tmp_path: Path) -> None:
    # Which system it is, the interpreter says; no other is at hand here.
    code = (
        "import pathlib, sys; sys.platform = 'darwin';"
        "from torchproof.cache_folder import cache_folder; print(cache_folder())"
    )
    hidden = {"TORCHPROOF_CACHE", "XDG_CACHE_HOME"}
    env = {**{k: v for k, v in os.environ.items() if k not in hidden}, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == tmp_path / "Library/Caches/torchproof"
