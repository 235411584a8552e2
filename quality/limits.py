"""What a site is held to, and what is said of a number that breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from quality.lighthouse import Scores

PERFORMANCE = 95


@dataclass(frozen=True)
class PageResult:
    """The numbers of one page."""

    page: str
    scores: Scores
    axe_light: tuple[str, ...]
    axe_dark: tuple[str, ...]


def broken(result: PageResult) -> list[str]:
    """Return a line for each limit that the page breaks."""
    scores = result.scores
    lines = [
        f"{name} {value:g}, at least {least}"
        for name, value, least in (
            ("performance", scores.performance, PERFORMANCE),
            ("accessibility", scores.accessibility, 100),
            ("best practices", scores.best_practices, 100),
            ("SEO", scores.seo, 100),
        )
        if value < least
    ]
    lines += [
        f"{name} {value:.3g}, at most {most}"
        for name, value, most in (
            ("layout shift", scores.layout_shift, 0.02),
            ("KiB without pictures", scores.kib, 250),
        )
        if value > most
    ]
    if scores.failed and lines:
        lines.append(f"audits of Lighthouse: {', '.join(scores.failed)}")
    lines += [f"axe, light: {violation}" for violation in result.axe_light]
    lines += [f"axe, dark: {violation}" for violation in result.axe_dark]
    return [f"{result.page}: {line}" for line in lines]
