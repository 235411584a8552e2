"""The pages that are measured one by one: one of each kind."""

from __future__ import annotations

from pathlib import Path

PAGES = (
    "index.html",
    "learn.html",
    "compatibility.html",
    "then-and-now.html",
    "names.html",
    "nn-module/index.html",
    "nn-module/moving-and-converting.html",
    "autograd/backward-and-accumulation.html",
    "visdom/charts.html",
    "visdom/options.html",
    "gallery/visdom/index.html",
    "gallery/nn_module/tied_weights.html",
    "gallery/visdom/live_loss_curve.html",
    "how-it-is-checked.html",
    "genindex.html",
    "search.html",
)


class PageMissingError(ValueError):
    """A page that is to be measured is not on the site."""


def check_pages(site: Path, pages: tuple[str, ...]) -> None:
    """Raise `PageMissingError` with the pages that the site does not have."""
    if missing := [page for page in pages if not (site / page).is_file()]:
        raise PageMissingError(
            f"{site} has no {', '.join(missing)}: name other pages with --pages, or, if a page of "
            "ours was renamed, change quality/sample.py"
        )
