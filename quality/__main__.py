"""Measure a built site and hold it to its limits: `tox -e quality`.

With --site, another site is measured in the same way, for comparison.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from quality import axe, lighthouse, links, nu
from quality.limits import PERFORMANCE, PageResult, broken
from quality.sample import PAGES, PageMissingError, check_pages
from quality.serving import SITE, SiteMissingError, serve
from quality.tools import ToolMissingError
from torchproof.visdom.chromium import FLAGS, BrowserMissingError, find_chromium, sandboxed

HEAD = "performance  a11y  practices  SEO  shift   KiB  axe light/dark  page"
MOST = 60
"""Lines of faults; a theme repeats its own on every page."""
REFUSED = (
    BrowserMissingError,
    PageMissingError,
    SiteMissingError,
    ToolMissingError,
    lighthouse.LighthouseError,
)


def main() -> int:
    """Print the numbers and what breaks a limit; return 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m quality", description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE, help="the folder of a built site")
    parser.add_argument("--pages", nargs="+", default=PAGES, help="those that are measured alone")
    parser.add_argument("--runs", type=int, default=3, help="of Lighthouse; the median counts")
    parser.add_argument("--desktop", action="store_true", help="not a phone but a desktop")
    arguments = parser.parse_args()
    site: Path = arguments.site.resolve()
    pages = tuple(arguments.pages)
    try:
        check_pages(site, pages)
        problems = [f"Nu: {f.message} ({len(f.pages)}): {f.pages[0]}" for f in nu.faults(site)]
        problems += [f"link: {link}" for link in links.broken_links(site)]
        print(f"{len(links.built_pages(site))} pages: Nu HTML checker and links\n\n{HEAD}")
        for result in _measure(site, pages, runs=arguments.runs, desktop=arguments.desktop):
            print(_row(result), flush=True)
            problems += broken(result)
    except REFUSED as error:
        print(error, file=sys.stderr)
        return 2
    print("\n" + "\n".join(problems[:MOST] or ["no limit is broken"]))
    if len(problems) > MOST:
        print(f"and {len(problems) - MOST} more")
    return 1 if problems else 0


def _measure(site: Path, pages: Sequence[str], *, runs: int, desktop: bool) -> Iterator[PageResult]:
    with serve(site) as url:
        found = _axe(url, pages)
        for page in pages:
            scores = lighthouse.measure(url + page, runs=runs, desktop=desktop)
            if scores.performance < PERFORMANCE:
                # Other work on the machine lowers a score, and nothing raises it.
                again = lighthouse.measure(url + page, runs=runs, desktop=desktop)
                scores = max(scores, again, key=lambda s: s.performance)
            yield PageResult(page, scores, found[page, "light"], found[page, "dark"])


def _axe(url: str, pages: Sequence[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    # All at once: Playwright stands in the way of whatever else waits for a process.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, chromium_sandbox=sandboxed()
        )
        return {
            (page, scheme): _axe_on(browser, url + page, scheme)
            for page in pages
            for scheme in ("light", "dark")
        }


def _axe_on(browser: Browser, url: str, scheme: str) -> tuple[str, ...]:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(url)
    found = tuple(axe.violations(page))
    context.close()
    return found


def _row(result: PageResult) -> str:
    s = result.scores
    axe_found = f"{len(result.axe_light)}/{len(result.axe_dark)}"
    return (
        f"{s.performance:>11g}  {s.accessibility:>4g}  {s.best_practices:>9g}  {s.seo:>3g}  "
        f"{s.layout_shift:>5.3f}  {s.kib:>4.0f}  {axe_found:>14}  {result.page}"
    )


if __name__ == "__main__":
    sys.exit(main())
