"""Serve a site on 127.0.0.1 and reload its open pages after each build.

Each page is served with a few lines of JavaScript that long-poll for the build number. The server
answers when there is a newer build than the page's.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
_BUILD = "/-/build"
_PATIENCE = 25.0
"""Seconds until a poll times out; the page then polls again."""
_SCRIPT = """\
<script>
(async () => {
  for (;;) {
    try {
      const answer = await fetch("%s?seen=%s", { cache: "no-store" });
      if (answer.status === 205) return location.reload();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
})();
</script>
"""


class LivePages:
    """The server of a built site, in a thread; use it in a `with` statement."""

    def __init__(self, folder: Path, *, port: int) -> None:
        # Build numbers must not repeat those of an earlier server, whose pages may still be open.
        self._build = time.time_ns()
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer((HOST, port), partial(_Handler, folder, self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """URL of the first page."""
        return f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="pages", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def built(self) -> None:
        """Make the open pages reload."""
        with self._changed:
            self._build += 1
            self._changed.notify_all()

    def script(self) -> bytes:
        """Return the script to add to a page, with the current build number."""
        return (_SCRIPT % (_BUILD, self._build)).encode()

    def wait_for_another(self, seen: str) -> bool:
        """Wait for a build other than `seen`; return False if `_PATIENCE` runs out first."""
        with self._changed:
            return self._changed.wait_for(lambda: str(self._build) != seen, _PATIENCE)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, folder: Path, pages: LivePages, *arguments: object) -> None:
        self._pages = pages
        super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with a file, or to a poll, with whether there is a new build."""
        path = urlsplit(self.path)
        file = Path(self.translate_path(self.path))
        if path.path == _BUILD:
            (seen,) = parse_qs(path.query).get("seen", [""])
            another = self._pages.wait_for_another(seen)
            self._say(HTTPStatus.RESET_CONTENT if another else HTTPStatus.NO_CONTENT)
        elif path.path.endswith("/") and (file / "index.html").is_file():
            self._say_page(file / "index.html")
        elif file.suffix == ".html" and file.is_file():
            self._say_page(file)
        else:
            super().do_GET()

    def _say_page(self, file: Path) -> None:
        # Take the build number before reading the page: at worst the page reloads once too often.
        script = self._pages.script()
        head, body, tail = file.read_bytes().rpartition(b"</body>")
        self._say(HTTPStatus.OK, head + script + body + tail)

    def _say(self, status: HTTPStatus, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        """Forbid the browser to cache."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        """Log no requests: the terminal is for the builds."""
