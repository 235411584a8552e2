"""axe-core on a page that is open in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quality import tools

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def violations(page: Page) -> list[str]:
    """Return a line for each place that breaks a rule: the rule, the element, what to change."""
    script = tools.package("axe-core") / "axe.min.js"
    page.evaluate(script.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{rule['id']} at {' '.join(map(str, node['target']))}: "
        + " ".join(node["failureSummary"].split())
        for rule in found
        for node in rule["nodes"]
    ]
