"""
After a restart a dashboard is as it was at its last save
=========================================================

What is left of a dashboard when its server stops? What :py:meth:`visdom.Visdom.save` wrote, a JSON
file for each environment, comes back. What was drawn after that is gone, and so is an environment
without a save.
"""

import contextlib
import json
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import visdom

try:
    vis = visdom.Visdom(raise_exceptions=True)
except ConnectionError:
    raise SystemExit("No Visdom server on port 8097. Start one: python -m visdom.server -bind_local") from None

# %%
# Stopping your server would stop your other runs. So this function starts one of its own, which
# reads and writes a folder, and waits for the line that says that it listens.

START = "from visdom.server.run_server import start_server; start_server(bind_local=True, {})"


@contextlib.contextmanager
def own_server(folder):
    """Run a server until the block ends; give a client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = f"port={port}, base_url='', env_path={str(folder)!r}"
    server = subprocess.Popen(
        [sys.executable, "-u", "-c", START.format(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    try:
        line = b""
        while b"You can navigate" not in line:
            assert select.select([server.stdout], [], [], 30)[0], "the server does not start"
            line = server.stdout.readline()
            assert line, "the server ended before it listened"
        yield visdom.Visdom(port=port, use_incoming_socket=False, raise_exceptions=True)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


# %%
# A training draws its loss in the environment run and a note in the environment draft. Run is saved
# after three of five steps, draft is not; the answer lists what was written.

folder = tempfile.TemporaryDirectory()
losses = [4.0, 2.0, 1.0, 0.5, 0.25]
with own_server(folder.name) as client:
    assert client.text("try a larger step", win="note", env="draft") == "note"
    for step, loss in enumerate(losses):
        at = {"win": "loss", "env": "run", "update": "append", "opts": {"title": "Loss"}}
        assert client.line([loss], [step], **at) == "loss"
        if step == 2:
            assert client.save(["run"]) == '["run"]'
    before = json.loads(client.get_window_data("loss", env="run"))
    assert sorted(client.get_env_list()) == ["draft", "main", "run"]
assert before["content"]["data"][0]["y"] == losses

# %%
# The file holds the panes by their ids, under ``jsons``, as
# :py:meth:`visdom.Visdom.get_window_data` gives them.

assert sorted(path.name for path in Path(folder.name).glob("*.json")) == ["main.json", "run.json"]
saved = json.loads(Path(folder.name, "run.json").read_text())
assert list(saved) == ["jsons", "reload"] and list(saved["jsons"]) == ["loss"]
assert saved["jsons"]["loss"].keys() == before.keys()
assert saved["jsons"]["loss"]["content"]["data"][0]["y"] == losses[:3]

# %%
# A second server on the same folder is the restart. Draft is gone with its name, and run ends at
# the third step. Appends go on from there; the panes are read before the next save, because an
# environment that the new server has not used yet would be saved as ``null``.

with own_server(folder.name) as client:
    assert sorted(client.get_env_list()) == ["main", "run"]
    after = json.loads(client.get_window_data("loss", env="run"))
    assert after == saved["jsons"]["loss"]
    for step, loss in list(enumerate(losses))[3:]:
        assert client.line([loss], [step], win="loss", env="run", update="append") == "loss"
    assert client.save(["run"]) == '["run"]'

# %%
# A pane from the file can be put on another server, here on yours:
# :py:meth:`visdom.Visdom.set_window_data` takes the JSON. See :py:meth:`visdom.Visdom.save` for the cases
# in which a file is lost.

saved = json.loads(Path(folder.name, "run.json").read_text())
folder.cleanup()
vis.set_window_data(json.dumps(saved["jsons"]["loss"]), win="loss", env="restored")
shown = json.loads(vis.get_window_data("loss", env="restored"))
assert shown["content"] == before["content"] != after["content"]
assert shown["content"]["data"][0]["y"] == losses
