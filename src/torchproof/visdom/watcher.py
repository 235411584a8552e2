"""One Chromium that keeps pages of Visdom servers open, for subjects that ask; see `watching`.

It is a process of its own. Each connection to it is a subject, whose pages are closed with it; each
request and each reply is one line of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from torchproof.processes import child_process
from torchproof.visdom.application import HOST
from torchproof.visdom.browser import PAGE
from torchproof.visdom.chromium import BrowserMissingError, launch_options

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, WebSocketRoute

_PATIENCE = 60.0
"""Seconds that a page may take to load, or to answer."""


@contextlib.contextmanager
def watcher() -> Iterator[str]:
    """Run a watcher until the block ends; yield its address. Raises BrowserMissingError."""
    command = [sys.executable, "-m", "torchproof.visdom.watcher"]
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with tempfile.TemporaryFile() as errors:
        process = child_process.spawn(command, env=env, errors=errors)
        try:
            try:
                said = process.first_line(within=_PATIENCE)
            except TimeoutError:
                said = ""
            if not said:
                errors.seek(0)
                last = errors.read().decode(errors="replace").splitlines()[-4:]
                raise BrowserMissingError("\n".join(["no browser opens the pages:", *last]))
            yield f"{HOST}:{json.loads(said)['port']}"
        finally:
            process.stop()


class _Page:
    """An open page of a server on one env, whose answers to `close` are kept until asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.readonly = False
        self._loaded = asyncio.Event()
        self._changed = asyncio.Condition()
        self._answered: Counter[str] = Counter()
        self._kept: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    async def load(self, url: str) -> None:
        """Load the page, and wait until the server has sent it the env."""
        await self.page.route_web_socket(re.compile("/socket$"), self._connect)
        await self.page.goto(url)
        await asyncio.wait_for(self._loaded.wait(), _PATIENCE)

    async def has_answered(self, wins: dict[str, int]) -> None:
        """Wait until the page has answered so many times to the `close` of each window."""
        if self.readonly:
            return

        def all_have() -> bool:
            return all(self._answered[win] >= times for win, times in wins.items())

        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(all_have), _PATIENCE)

    def answer(self, win: str) -> int:
        """Send the answers to the `close` of a window; return their number."""
        kept = self._kept.pop(win, [])
        for send in kept:
            send()
        return len(kept)

    def _connect(self, ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()

        async def from_page(message: str | bytes) -> None:
            said = json.loads(message)
            if said.get("cmd") != "close":
                server.send(message)
                return
            async with self._changed:
                self._kept[said["data"]].append(lambda: server.send(message))
                self._answered[said["data"]] += 1
                self._changed.notify_all()

        def from_server(message: str | bytes) -> None:
            ws.send(message)
            said = json.loads(message)
            self.readonly = said.get("readonly", self.readonly)
            if said.get("command") == "layout":
                self._loaded.set()

        ws.on_message(from_page)
        server.on_message(from_server)


class _Subject:
    """The pages of one subject, by server and env."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._pages: dict[tuple[str, str], _Page] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what the subject asks for until it hangs up."""
        try:
            while line := await reader.readline():
                try:
                    said = {"answer": await self._do(**json.loads(line))}
                except Exception as error:
                    said = {"error": f"{type(error).__name__}: {error}"}
                writer.write(json.dumps(said).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            for page in self._pages.values():
                await page.page.close()
            writer.close()

    async def _do(self, *, command: str, url: str, env: str, **words: Any) -> object:
        if command == "open":
            page = self._pages[url, env] = _Page(await self._context.new_page())
            await page.load(f"{url}/env/{quote(env, safe='')}")
        elif command == "closed":
            await self._pages[url, env].has_answered(words["wins"])
        elif command == "answer":
            return self._pages[url, env].answer(words["win"])
        return None


async def _run() -> None:
    from playwright.async_api import async_playwright

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with async_playwright() as playwright:
        options = {**launch_options(HOST), **PAGE}
        context = await playwright.chromium.launch_persistent_context("", **options)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _Subject(context).serve(reader, writer)

        listen = asyncio.start_server  # of asyncio, not of Visdom
        server = await listen(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        child_process.report_ready(json.dumps({"port": port}))
        await stop.wait()
        server.close()
        await context.close()


if __name__ == "__main__":
    child_process.exit_with_parent(lambda: None)
    asyncio.run(_run())
