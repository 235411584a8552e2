"""The measures of the built site: the server, the limits, and what is refused."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from quality.lighthouse import Scores
from quality.limits import PageResult, broken
from quality.sample import PageMissingError, check_pages
from quality.serving import SiteMissingError, serve
from quality.tools import ToolMissingError, package, program

FINE = Scores(98, 100, 100, 100, 0.01, 200, ())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<p>front</p>")
    (tmp_path / "a.css").write_text("a {}")
    return tmp_path


def test_what_is_text_is_compressed_and_what_has_a_digest_is_kept(site: Path) -> None:
    with serve(site) as url:
        request = urllib.request.Request(f"{url}a.css?v=1", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request) as answer:
            assert gzip.decompress(answer.read()) == b"a {}"
            assert answer.headers["Cache-Control"] == "max-age=31536000"
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"<p>front</p>"
            assert answer.headers["Content-Encoding"] is None


def test_what_is_not_there_or_not_of_the_site_is_not_served(site: Path) -> None:
    (site.parent / "secret.txt").write_text("secret")
    with serve(site) as url:
        for path in ("gone.html", "%2e%2e/secret.txt"):
            with pytest.raises(urllib.error.HTTPError, match="404") as caught:
                urllib.request.urlopen(url + path)
            caught.value.close()


def test_a_folder_without_a_site_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(SiteMissingError, match=r"no index\.html: build the site first, with")
    with refused, serve(tmp_path):
        pass


def test_pages_that_are_not_there_are_named(site: Path) -> None:
    with pytest.raises(PageMissingError, match=r"has no gone\.html: name other pages"):
        check_pages(site, ("index.html", "gone.html"))


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissingError, match="npm is not on PATH: install Node"):
        program("npm", "install Node")


def test_without_npm_the_tools_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "package-lock.json").touch()
    said = r"npm is not on PATH: install Node\.js.*, which fetches what .*/package-lock\.json"
    with pytest.raises(ToolMissingError, match=said):
        package("axe-core", folder=tmp_path)


def test_a_page_within_the_limits_breaks_none() -> None:
    assert broken(PageResult("a.html", FINE, (), ())) == []


def test_each_limit_that_is_broken_is_named() -> None:
    scores = replace(FINE, performance=94, seo=91, layout_shift=0.03, failed=("meta-description",))
    assert broken(PageResult("a.html", scores, (), ("region at p",))) == [
        "a.html: performance 94, at least 95",
        "a.html: SEO 91, at least 100",
        "a.html: layout shift 0.03, at most 0.02",
        "a.html: audits of Lighthouse: meta-description",
        "a.html: axe, dark: region at p",
    ]
