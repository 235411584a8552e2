"""What goes wrong on a page while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

# Their bytes count for themselves: pictures come when a reader gets to them.
PICTURES = frozenset({"image", "media"})


@dataclass
class Watch:
    """A record of faults, and of bytes."""

    site: str
    faults: list[str] = field(default_factory=list)
    transferred: dict[str, int] = field(default_factory=dict)

    def attach(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        outside = urlsplit(request.url).scheme != "data" and not request.url.startswith(self.site)
        if outside:
            self.faults.append(f"request beyond the site: {request.url}")

    def _failed(self, request: Request) -> None:
        # Whoever leaves a page stops what it was fetching.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed request: {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")
        if response.request.resource_type not in PICTURES:
            length = int(response.headers.get("content-length", 0))
            self.transferred[response.url] = length
