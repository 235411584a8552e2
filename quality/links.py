"""Every link inside a site: the file is there, and so is the anchor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html

ATTRIBUTES = ("href", "src", "poster", "data")


@dataclass(frozen=True)
class BrokenLink:
    """A link that leads nowhere."""

    page: str
    link: str
    missing: str

    def __str__(self) -> str:
        """Say which page, which link, and what is missing."""
        return f"{self.page}: {self.link}: {self.missing}"


@dataclass(frozen=True)
class _Page:
    links: frozenset[str]
    anchors: frozenset[str]


def broken_links(site: Path) -> list[BrokenLink]:
    """Return the links of all pages, to files and anchors of the site, that lead nowhere."""
    site = site.resolve()
    pages = {path: _read(path) for path in built_pages(site)}
    return [
        BrokenLink(path.relative_to(site).as_posix(), link, missing)
        for path, page in pages.items()
        for link in sorted(page.links)
        if (missing := _missing(site, path, link, pages))
    ]


def built_pages(site: Path) -> list[Path]:
    """Return the pages of a site; what lies among the static files is a theme's template."""
    found = sorted(site.resolve().rglob("*.html"))
    return [path for path in found if "_static" not in path.relative_to(site.resolve()).parts]


def _read(path: Path) -> _Page:
    tree = lxml.html.parse(str(path), lxml.html.HTMLParser(encoding="utf-8"))
    links = {str(value).strip() for name in ATTRIBUTES for value in tree.xpath(f"//@{name}")}
    for value in tree.xpath("//@srcset"):
        links |= {part.split()[0] for part in str(value).split(",") if part.strip()}
    anchors = [*tree.xpath("//@id"), *tree.xpath("//a/@name")]
    return _Page(frozenset(links), frozenset(map(str, anchors)))


def _missing(site: Path, page: Path, link: str, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    path = unquote(parts.path)
    target = page if not path else site / path[1:] if path[0] == "/" else page.parent / path
    target = target.resolve()
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site):
        return "outside the site"
    if not target.is_file():
        return f"no file {target.relative_to(site).as_posix()}"
    anchor = unquote(parts.fragment)
    # An empty anchor and "top" are the top of any page.
    if anchor in {"", "top"} or target not in pages or anchor in pages[target].anchors:
        return ""
    return f"no anchor {anchor} in {target.relative_to(site).as_posix()}"
