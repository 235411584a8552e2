"""docs/visdom/configs/nginx.conf, in a real nginx before a real Visdom server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import visdom
from configs import HOST, certificate, filled, free_port, nginx
from playwright.sync_api import Page

from torchproof.visdom.browser import browser_context, missing_browser
from torchproof.visdom.command import visdom_command

pytestmark = [
    # The client of visdom 0.2.4 calls logger.warn, which Python has deprecated.
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
    pytest.mark.filterwarnings("ignore:Visdom is eventually changing"),
]
in_browser = pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())


@dataclass
class Proxy:
    """A Visdom server, and the file for its nginx with the places of this machine."""

    folder: Path
    port: int
    pem: Path
    config: str

    @contextlib.contextmanager
    def run(self, *changes: tuple[str, str]) -> Iterator[None]:
        """Run nginx with the file after the changes, each of which is found in it."""
        config = self.config
        for old, new in changes:
            assert old in config
            config = config.replace(old, new)
        with nginx(self.folder, config, self.port):
            yield

    def client(self, server: str = f"https://{HOST}", **options: Any) -> Any:
        """Connect as the page says."""
        options = {"base_url": "/visdom", "raise_exceptions": True, **options}
        return visdom.Visdom(server=server, port=self.port, **options)

    @contextlib.contextmanager
    def page(self, path: str = "/visdom", scheme: str = "https") -> Iterator[Page]:
        """Open a path in a browser that takes the certificate of the test."""
        with browser_context() as context:
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Security.setIgnoreCertificateErrors", {"ignore": True})
            page.goto(f"{scheme}://{HOST}:{self.port}{path}")
            yield page


@contextlib.contextmanager
def visdom_there(folder: Path, *flags: str, **options: Any) -> Iterator[Proxy]:
    pem, key = certificate(folder)
    port = free_port()
    flags = ("-bind_local", "-base_url=/visdom", *flags)
    with visdom_command(*flags, **options) as server:
        places = {
            "listen 443 ssl": f"listen {HOST}:{port} ssl",
            "server_name lab.example.com": f"server_name {HOST}",
            "/etc/nginx/visdom.pem": str(pem),
            "/etc/nginx/visdom.key": str(key),
            ":8097": f":{server.port}",
        }
        yield Proxy(folder, port, pem, filled("nginx.conf", places))


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with visdom_there(tmp_path) as proxy:
        yield proxy


@pytest.fixture
def trusted(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.setenv(name, str(proxy.pem))


LIMIT = ("        client_max_body_size 100m;\n", "")
UPGRADE = ("        proxy_set_header Upgrade $http_upgrade;\n", "")
WIDE = np.random.default_rng(0).random((3, 1000, 1000))


@pytest.mark.usefixtures("trusted")
def test_a_client_draws_and_hears_through_it(proxy: Proxy) -> None:
    with proxy.run():
        client = proxy.client()
        assert client.socket_alive
        assert client.image(WIDE, win="wide", opts={"jpgquality": 100}) == "wide"
        assert client.win_exists("wide")
        client.use_socket = False


@pytest.mark.usefixtures("trusted")
def test_the_line_on_sizes_is_needed(proxy: Proxy) -> None:
    with proxy.run(LIMIT):
        client = proxy.client(use_incoming_socket=False)
        answer = client.image(WIDE, win="wide", opts={"jpgquality": 100})
        assert "413 Request Entity Too Large" in answer
        assert not client.win_exists("wide")


@pytest.mark.parametrize(
    ("names", "connects", "hears"),
    [
        ([], False, False),
        (["REQUESTS_CA_BUNDLE"], True, False),
        (["WEBSOCKET_CLIENT_CA_BUNDLE"], False, False),
        (["REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"], True, True),
    ],
)
def test_a_certificate_of_ones_own_needs_two_variables(
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    connects: bool,
    hears: bool,
) -> None:
    for name in names:
        monkeypatch.setenv(name, str(proxy.pem))
    with proxy.run():
        if not connects:
            with pytest.raises(ConnectionError, match="Error connecting to Visdom server"):
                proxy.client()
            return
        client = proxy.client()
        assert client.text("drawn", win="note") == "note"
        assert client.socket_alive == hears
        client.use_socket = False


@in_browser
@pytest.mark.usefixtures("trusted")
def test_the_page_opens_under_the_prefix(tmp_path: Path) -> None:
    with visdom_there(tmp_path, front_end=True) as proxy, proxy.run():
        client = proxy.client(use_incoming_socket=False)
        assert client.text("drawn", win="note") == "note"
        for path in ("/visdom", "/visdom/", "/visdom/env/main"):
            with proxy.page(path) as page:
                page.get_by_role("button", name="online").wait_for()
                page.get_by_text("drawn", exact=True).wait_for()


@in_browser
def test_it_works_without_tls(tmp_path: Path) -> None:
    names = {"ssl_certificate    ": "visdom.pem", "ssl_certificate_key": "visdom.key"}
    lines = [(f"    {name} {tmp_path}/{file};\n", "") for name, file in names.items()]
    with (
        visdom_there(tmp_path, front_end=True) as proxy,
        proxy.run((" ssl;", ";"), *lines),
        proxy.page(scheme="http") as page,
    ):
        client = proxy.client(f"http://{HOST}")
        assert client.text("drawn", win="note") == "note"
        assert client.socket_alive
        client.use_socket = False
        page.get_by_text("drawn", exact=True).wait_for()


@in_browser
@pytest.mark.usefixtures("trusted")
def test_a_quiet_page_goes_offline_without_the_line_on_time(tmp_path: Path) -> None:
    with (
        visdom_there(tmp_path, front_end=True) as proxy,
        proxy.run(("proxy_read_timeout 1d", "proxy_read_timeout 1s")),
        proxy.page() as page,
    ):
        offline = page.get_by_role("button", name="offline")
        offline.wait_for()
        client = proxy.client(use_incoming_socket=False)
        assert client.text("missed", win="note") == "note"
        offline.click()
        page.get_by_text("missed", exact=True).wait_for()


@in_browser
@pytest.mark.usefixtures("trusted")
def test_a_page_stays_offline_without_the_lines_on_websockets(tmp_path: Path) -> None:
    with visdom_there(tmp_path, front_end=True) as proxy, proxy.run(UPGRADE):
        client = proxy.client()
        assert client.text("drawn", win="note") == "note"
        assert not client.socket_alive
        client.use_socket = False
        with proxy.page() as page:
            page.get_by_role("button", name="offline").wait_for()
            assert page.get_by_text("drawn", exact=True).count() == 0


@in_browser
@pytest.mark.usefixtures("trusted")
def test_a_page_without_websockets_can_poll(tmp_path: Path) -> None:
    flags = ["-use_frontend_client_polling"]
    with visdom_there(tmp_path, *flags, front_end=True) as proxy, proxy.run(UPGRADE):
        client = proxy.client(use_incoming_socket=False)
        with proxy.page() as page:
            page.get_by_role("button", name="online").wait_for()
            assert client.text("drawn", win="note") == "note"
            page.get_by_text("drawn", exact=True).wait_for()


@in_browser
@pytest.mark.usefixtures("trusted")
def test_a_proxy_that_strips_the_prefix_shows_a_blank_page(tmp_path: Path) -> None:
    with visdom_command("-bind_local", front_end=True) as plain, visdom_there(tmp_path) as proxy:
        server = proxy.config.partition("proxy_pass ")[2].partition(";")[0]
        with proxy.run(
            (f"{server};", f"http://{HOST}:{plain.port}/;"), ("/visdom {", "/visdom/ {")
        ):
            client = proxy.client(use_incoming_socket=False)
            assert client.text("drawn", win="note") == "note"
            with proxy.page("/visdom/") as page:
                with page.expect_response("**/static/js/main.js*") as asked:
                    page.reload()
                assert asked.value.status == 404
                assert page.title() == "visdom"
                assert page.locator("#app").inner_html() == ""


LOGIN = {
    "VISDOM_USE_ENV_CREDENTIALS": "1",
    "VISDOM_USERNAME": "ada",
    "VISDOM_PASSWORD": "engine",
    "VISDOM_COOKIE": "secret",
}


@pytest.mark.parametrize(("slash", "draws"), [("", True), ("/", False)])
def test_a_login_needs_the_location_without_a_slash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slash: str, draws: bool
) -> None:
    home = tmp_path / "home"
    (home / ".visdom").mkdir(parents=True)
    with visdom_there(tmp_path, "-enable_login", home=home, env=LOGIN) as proxy:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(proxy.pem))
        with proxy.run(("location /visdom {", f"location /visdom{slash} {{")):
            client = proxy.client(username="ada", password="engine", use_incoming_socket=False)
            assert (client.text("drawn", win="note") == "note") == draws
            assert client.check_connection() == draws


@pytest.mark.usefixtures("trusted")
def test_a_password_of_nginx_is_for_calls_and_not_for_events(proxy: Proxy) -> None:
    passwords = proxy.folder / "htpasswd"
    passwords.write_text("ada:{PLAIN}engine\n")
    guard = f'auth_basic "Visdom";\n        auth_basic_user_file {passwords};\n        proxy_pass'
    with proxy.run(("proxy_pass", guard)):
        client = proxy.client(f"https://ada:engine@{HOST}")
        assert client.text("drawn", win="note") == "note"
        assert not client.socket_alive
        client.use_socket = False
        guest = proxy.client(use_incoming_socket=False)
        assert "401 Authorization Required" in guest.text("out", win="other")
