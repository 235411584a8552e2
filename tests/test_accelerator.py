"""A simulated accelerator behaves as a device apart, on a machine that has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from accelerated import CHECKS

from torchproof.accelerator.build import NotBuilt, built, check_release

Ask = Callable[[str], str]
PROGRAM = Path(__file__).with_name("accelerated.py")


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Return what runs a property in a process of its own and returns what was wrong."""
    try:
        built()
    except NotBuilt as error:
        pytest.skip(str(error))
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        said, heard = process.stdin, process.stdout
        assert json.loads(heard.readline()) == "ready"

        def ask(name: str) -> str:
            said.write(f"{name}\n")
            said.flush()
            return str(json.loads(heard.readline()))

        yield ask
        said.close()


@pytest.mark.parametrize("name", CHECKS)
def test_property(name: str, ask: Ask) -> None:
    assert ask(name) == ""


def compiler(folder: Path, body: str) -> str:
    """Return a compiler that does what a shell script says; `$out` is what it is to write."""
    path = folder / "compiler"
    path.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && exec echo one\n'
        'while [ "$1" != -o ]; do shift; done\nout=$2\n' + body
    )
    path.chmod(0o755)
    return str(path)


def test_without_a_compiler_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotBuilt, match=r"there is no c\+\+: apt-get install g\+\+, or set CXX"):
        built(cache=tmp_path / "cache")


def test_what_the_compiler_says_is_shown_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    broken = 'echo half > "$out"\necho "sim.cpp:1: no such thing" >&2\nexit 1\n'
    monkeypatch.setenv("CXX", compiler(tmp_path, broken))
    with pytest.raises(NotBuilt, match=r"(?s)cannot compile .*sim\.cpp:1: no such thing") as error:
        built(cache=cache)
    assert "set CXX to another compiler" in str(error.value)
    assert [path.suffix for path in cache.iterdir()] in ([], [".lock"])


def test_it_is_compiled_once_for_each_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = f'echo "$out" >> {tmp_path / "calls"}\necho library > "$out"\n'
    path = compiler(tmp_path, counted)
    monkeypatch.setenv("CXX", path)
    first = built(cache=tmp_path / "cache")
    assert built(cache=tmp_path / "cache") == first and first.read_text() == "library\n"
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    Path(path).write_text(Path(path).read_text().replace("echo one", "echo two"))
    assert built(cache=tmp_path / "cache") != first
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_two_processes_build_it_once(tmp_path: Path) -> None:
    held, known, calls = tmp_path / "held", tmp_path / "known", tmp_path / "calls"
    os.mkfifo(held)
    os.mkfifo(known)
    waits = f'echo call >> {calls}\nread go < {held}\necho library > "$out"\n'
    code = (
        "import sys; from pathlib import Path; from torchproof.accelerator.build import built\n"
        "print(built(cache=Path(sys.argv[1])).read_text(), end='')"
    )
    path = compiler(tmp_path, waits)
    # A process asks for the version right before it looks for the library.
    script = (
        Path(path).read_text().replace("exec echo one", f"{{ echo one; echo > {known}; exit; }}")
    )
    Path(path).write_text(script)
    environment = {**os.environ, "CXX": path}
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "cache")],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    # Open for writing as well, it has no end between the first process and the second.
    with open(os.open(known, os.O_RDWR)) as lines:  # noqa: PTH123 a descriptor
        assert [lines.readline() for _ in asking] == ["\n"] * 2
    # Whoever waits for the other one looks again and again; who compiles is still.
    watched = [psutil.Process(process.pid) for process in asking]
    before = [process.num_ctx_switches().voluntary for process in watched]
    while len(calls.read_text().splitlines() if calls.exists() else ()) < 2 and not any(
        process.num_ctx_switches().voluntary > looks + 20
        for process, looks in zip(watched, before, strict=True)
    ):
        pass
    held.write_text("go\n")
    assert [process.communicate()[0] for process in asking] == ["library\n"] * 2
    assert calls.read_text() == "call\n"


def test_an_old_torch_is_refused_by_name() -> None:
    check_release("2.13.0+cpu")
    with pytest.raises(NotBuilt, match=r"needs torch 2\.\d+ or newer, and this is 2\.6\.1"):
        check_release("2.6.1")
