"""A local server for a built site, which compresses and caches as those on the Web do.

Lighthouse counts the bytes that are transferred, so the plain server of Python would mislead it.
"""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
SITE = Path(__file__).parents[1] / "docs/_build/html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
}
COMPRESSED = frozenset(TYPES)


class SiteMissingError(RuntimeError):
    """The folder holds no built site."""


@contextlib.contextmanager
def serve(site: Path = SITE) -> Iterator[str]:
    """Serve a folder on a free port, and give its address; raises `SiteMissingError`."""
    if not (site / "index.html").is_file():
        raise SiteMissingError(f"{site} has no index.html: build the site first, with tox -e docs")

    class Handler(_Handler):
        folder = site.resolve()

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    # Headers and body go out in one packet; in two, the second waits for the first's receipt.
    wbufsize = -1

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            # A browser that leaves a page drops what it has asked for.
            self.close_connection = True

    def do_GET(self) -> None:
        path = self.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if path.is_dir():
            path /= "index.html"
        status = HTTPStatus.OK
        if not path.is_file() or not path.resolve().is_relative_to(self.folder):
            status, path = HTTPStatus.NOT_FOUND, self.folder / "404.html"
        body = path.read_bytes() if path.is_file() else b"not found"
        self.send_response(status)
        kind = TYPES.get(path.suffix) or self.guess_type(path)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "max-age=31536000" if "?v=" in self.path else "no-cache")
        if path.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = _gzipped(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        pass


@lru_cache(maxsize=512)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
