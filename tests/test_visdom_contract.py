"""What we take from Visdom beyond its documentation: its client, its server, its front end."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import visdom
from contracts import Contract, check

from torchproof.visdom import browser
from torchproof.visdom.server_flags import CREDENTIALS, Settings

app: Any = importlib.import_module("visdom.server.app")
utils: Any = importlib.import_module("visdom.utils.server_utils")
STATIC = Path(visdom.__file__).with_name("static")
SERVER = ("visdom/application.py",)
COMMAND = ("visdom/command.py",)
CLIENT = ("visdom/client.py",)
BROWSER = ("visdom/browser.py",)
JUDGE = ("sphinx_ext/output/stock_doctest.py",)


def touched(
    part: str, files: tuple[str, ...], written: str = ""
) -> Callable[[Callable[[], object]], Contract]:
    """Make a contract with Visdom of a function."""
    return functools.partial(Contract, "visdom", part, files, written or part.rpartition(".")[2])


@functools.cache
def front_end() -> str:
    return (STATIC / "js" / "main.js").read_text(encoding="utf-8")


def source(value: object) -> str:
    return inspect.getsource(value)  # type: ignore[arg-type]


@touched("app.tornado_settings", SERVER)
def tornado_settings() -> bool:
    # They are given to tornado as they are when the application is made.
    given = "super(Application, self).__init__(handlers, **tornado_settings)"
    return isinstance(app.tornado_settings, dict) and given in source(app.Application.__init__)


@touched("app.DEFAULT_ENV_PATH", SERVER)
def default_env_path() -> bool:
    # A folder with a slash at its end, to which the name of the file is added.
    read = 'DEFAULT_ENV_PATH + "COOKIE_SECRET"'
    return app.DEFAULT_ENV_PATH.endswith("/") and read in source(app.Application.__init__)


@touched("app.Application", SERVER)
def application() -> bool:
    takes = set(inspect.signature(app.Application.__init__).parameters)
    gives = {"base_url", "readonly", "eager_data_loading", "use_frontend_client_polling"}
    return gives | {"port", "env_path", "user_credential"} <= takes


@touched("default of gather_envs", SERVER, "utils.gather_envs.__defaults__")
def default_of_gather_envs() -> bool:
    names = list(inspect.signature(utils.gather_envs).parameters)
    return names[-1] == "env_path" and len(utils.gather_envs.__defaults__) == 1


@touched("download_scripts", COMMAND, "run_server.download_scripts = ")
def download_scripts() -> bool:
    # A name of the module, which the command looks up when it runs.
    launcher: Any = importlib.import_module("visdom.server.run_server")
    return "download_scripts" in launcher.download_scripts_and_run.__code__.co_names


@touched("line that says where it listens", COMMAND, '"You can navigate to "')
def navigate() -> bool:
    launcher: Any = importlib.import_module("visdom.server.run_server")
    return 'print("You can navigate to ' in source(launcher.start_server)


@touched("_send of its client", ("visdom/watching.py",), "client._send")
def send() -> bool:
    client: Any = visdom.Visdom
    return list(inspect.signature(client._send).parameters)[:3] == ["self", "msg", "endpoint"]


@touched("hash_password", ("visdom/server_flags.py",), "utils.hash_password")
def hash_password() -> bool:
    return re.fullmatch("[0-9a-f]{64}", utils.hash_password("word")) is not None


@touched("flags of its server", ("visdom/server_flags.py",), '"-readonly"')
def flags() -> bool:
    launcher = source(importlib.import_module("visdom.server.run_server"))
    gone = [name for name in Settings.__dataclass_fields__ if f'"-{name}",' not in launcher]
    assert not gone, f"no flag -{', -'.join(gone)}"
    return all(f'"{name}"' in launcher for name in CREDENTIALS)


@touched("defaults of Visdom()", CLIENT, "visdom.Visdom.__init__.__defaults__")
def defaults_of_client() -> bool:
    parameters = inspect.signature(visdom.Visdom.__init__).parameters.values()
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    found = visdom.Visdom.__init__.__defaults__ or ()
    # A keyword-only parameter has its default elsewhere.
    return tuple(given.values()) == found and "port" in given


@touched("loggers visdom and websocket", CLIENT, '("visdom", "websocket")')
def loggers() -> bool:
    websocket = importlib.import_module("websocket._logging")
    ours: Any = visdom
    return ours.logger is logging.getLogger("visdom") and (
        websocket._logger is logging.getLogger("websocket")
    )


@touched("do_tsne", JUDGE, "visdom.do_tsne")
def do_tsne() -> bool:
    # A function of the module, which its methods look up when they are called.
    ours: Any = visdom
    return callable(ours.do_tsne) and "do_tsne" in ours.Visdom.embeddings.__code__.co_names


@touched("Visdom.use_socket", JUDGE, "client.use_socket")
def use_socket() -> bool:
    # The threads of a client end, instead of connecting again, once it is false.
    return source(visdom.Visdom).count("while self.use_socket:") >= 2


@touched("routes win_exists and win_data", ("visdom/panes.py",), '"win_exists"')
def routes() -> bool:
    text = source(app.Application.__init__)
    return all(f'"%s/{name}"' in text for name in ("win_exists", "win_data"))


@touched("get_env_list and get_window_data", ("hosts/gallery_hooks.py",), "get_window_data")
def all_panes() -> bool:
    client: Any = visdom.Visdom
    takes = inspect.signature(client.get_window_data).parameters
    return {"win", "env"} <= set(takes) and callable(client.get_env_list)


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import visdom.server.app
print(sorted(name for name in sys.modules if name.startswith("torch.")))
"""


@touched("import without torch", ("visdom/server_process.py",), 'sys.modules.setdefault("torch"')
def without_torch() -> bool:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    return done.stdout == "[]\n"


@touched("README in its metadata", ("api/links.py",), r"^#+ vis\.(\w+)")
def readme() -> bool:
    text = importlib.metadata.distribution("visdom").read_text("METADATA") or ""
    return {"image", "text", "line"} <= set(re.findall(r"^#+ vis\.(\w+)", text, re.MULTILINE))


@touched("folder of its front end", ("visdom/page_files.py",), 'with_name("static")')
def static() -> bool:
    return {"index.html", "js", "css"} <= {path.name for path in STATIC.iterdir()}


@touched("class of a pane in its front end", BROWSER, ".react-grid-item")
def grid_item() -> bool:
    return "react-grid-item" in front_end() and "react-resizable-handle" in front_end()


@touched("class of what a pane holds", BROWSER, '".content"')
def content() -> bool:
    return re.search(r'className: ?"content"', front_end()) is not None


@touched("types of panes that draw themselves late", BROWSER, '"embeddings": "canvas"')
def types() -> bool:
    gone = [kind for kind in browser.DRAWN if not re.search(rf"\b{kind}:", front_end())]
    assert not gone, f"no pane of type {', '.join(gone)}"
    return True


@touched("word for a connection that stands", BROWSER, 'get_by_role("button", name="online")')
def online() -> bool:
    return '"online"' in front_end()


@touched("mark of an embedded point", BROWSER, browser.SPRITE)
def sprite() -> bool:
    return browser.SPRITE in front_end()


@touched("MathJax and d3 of its page", BROWSER, "MathJax.Hub.Queue")
def scripts() -> bool:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    return all(re.search(rf"static_url\(.js/{name}\b", page) for name in ("mathjax", "d3.v3"))


CONTRACTS = tuple(value for value in list(vars().values()) if isinstance(value, Contract))


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_visdom_is_as_our_code_takes_it(contract: Contract) -> None:
    check(contract)
