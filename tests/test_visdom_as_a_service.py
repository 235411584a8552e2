"""docs/visdom/configs: the files for systemd and Docker, as far as they run without either."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import visdom
from configs import FOLDER, HOST, filled, program
from packaging.requirements import Requirement
from visdom.server import build
from visdom.server.defaults import DEFAULT_PORT

from torchproof.visdom.command import visdom_command

pytestmark = [
    # The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
]


def service() -> dict[str, list[str]]:
    """Return the commands of the unit, with this Python in place of its own."""
    text = filled("visdom.service", {"%h/venv/bin/": f"{Path(sys.executable).parent}/"})
    lines = (line.partition("=") for line in text.splitlines())
    return {name: shlex.split(value) for name, _, value in lines if name.startswith("Exec")}


def client(port: int) -> visdom.Visdom:
    return visdom.Visdom(port=port, use_incoming_socket=False, raise_exceptions=True)


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "visdom.service"
    bin_folder = f"{Path(sys.executable).parent}/"
    unit.write_text(filled("visdom.service", {"%h/venv/bin/": bin_folder}))
    verify = [program("systemd-analyze", "systemd"), "verify", "--user", str(unit)]
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(verify, capture_output=True, text=True, env=env)
    assert "visdom.service" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("saves", [True, False])
def test_the_unit_keeps_what_was_drawn(tmp_path: Path, saves: bool) -> None:
    commands = service()
    flags = commands["ExecStart"][1:]
    old = tmp_path / ".visdom" / "old.json"
    old.parent.mkdir()
    old.write_text(json.dumps({"jsons": {}, "reload": {"kept": 1}}))
    with visdom_command(*flags, home=tmp_path) as server:
        assert client(server.port).text("drawn", win="note", env="run") == "note"
        if saves:
            python, option, code = commands["ExecStop"]
            code = code.replace("Visdom(", f"Visdom(port={server.port}, ")
            subprocess.run([python, option, code], check=True, capture_output=True)
    assert server.status == -15
    assert json.loads(old.read_text())["reload"] == {"kept": 1}
    with visdom_command(*flags, home=tmp_path) as server:
        assert bool(client(server.port).win_exists("note", env="run")) == saves


def dockerfile() -> list[tuple[str, str]]:
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    written = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(instruction, rest) for instruction, _, rest in written]


def compose() -> dict[str, Any]:
    yaml: Any = pytest.importorskip("yaml", reason="PyYAML reads the file")
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return loaded


def test_the_image_installs_versions_that_work() -> None:
    [pip] = [rest for _, rest in dockerfile() if rest.startswith("pip install")]
    for wanted in map(Requirement, shlex.split(pip)[3:]):
        assert wanted.specifier.contains(importlib.metadata.version(wanted.name))
        assert wanted.specifier


def test_the_image_downloads_what_the_command_would() -> None:
    [python] = [rest for _, rest in dockerfile() if rest.startswith("python -c")]
    code = shlex.split(python)[2]
    assert ast.unparse(ast.parse(code)).splitlines() == [
        "from visdom.server.build import download_scripts",
        "download_scripts()",
    ]
    assert inspect.signature(build.download_scripts).parameters.keys() == {"proxies", "install_dir"}


def test_the_command_of_the_image_serves_and_keeps_its_folder(tmp_path: Path) -> None:
    [(_, written)] = [(name, rest) for name, rest in dockerfile() if name == "CMD"]
    _, *flags = json.loads(written)
    assert f"-env_path={volume()}" in flags
    flags = [flag.replace(volume(), str(tmp_path / "data")) for flag in flags]
    for _ in range(2):
        with visdom_command(*flags) as server:
            there = client(server.port)
            assert there.text("drawn", win="note") == "note"
            assert there.save(["main"]) == '["main"]'
            # Another address than 127.0.0.1, as that of a container is.
            assert urllib.request.urlopen(f"http://127.0.0.2:{server.port}").status == 200
    assert json.loads((tmp_path / "data" / "main.json").read_text())["jsons"]["note"]


def volume() -> str:
    [folder] = [rest for name, rest in dockerfile() if name == "VOLUME"]
    return folder


def test_compose_keeps_the_folder_and_opens_one_port_to_this_machine() -> None:
    visdom_service = compose()["services"]["visdom"]
    [published] = visdom_service["ports"]
    [exposed] = [rest for name, rest in dockerfile() if name == "EXPOSE"]
    assert published == f"{HOST}:{DEFAULT_PORT}:{exposed}"
    assert int(exposed) == DEFAULT_PORT
    [mounted] = visdom_service["volumes"]
    assert mounted.split(":") == [*compose()["volumes"], volume()]
    assert visdom_service["init"] is True


def test_process_1_of_a_container_ignores_the_end() -> None:
    unshare = program("unshare", "util-linux")
    code = "import os, signal\nos.kill(1, signal.SIGTERM)\nprint('alive', os.getpid())"
    done = subprocess.run(
        [unshare, "--pid", "--fork", sys.executable, "-c", code], capture_output=True, text=True
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("this user may not make a process 1")
    assert done.stdout == "alive 1\n"
    assert re.search(r"^    init: true$", (FOLDER / "compose.yaml").read_text(), re.MULTILINE)
