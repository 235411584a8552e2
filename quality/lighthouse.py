"""Lighthouse on a page: scores on a simulated phone, layout shift, bytes that are transferred.

A score of performance depends on what else the machine does, so it is the median of several runs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from dataclasses import dataclass
from typing import Any

from quality import tools
from torchproof.visdom.chromium import FLAGS, find_chromium, sandboxed

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True)
class Scores:
    """What Lighthouse found on one page."""

    performance: float
    accessibility: float
    best_practices: float
    seo: float
    layout_shift: float
    kib: float
    """Transferred, without pictures."""
    failed: tuple[str, ...]
    """The audits that cost something, but for those of performance."""


class LighthouseError(RuntimeError):
    """Lighthouse could not load a page."""


def measure(url: str, *, runs: int = 3, desktop: bool = False) -> Scores:
    """Return the medians over several runs; raises `LighthouseError`."""
    reports = [_report(url, desktop=desktop) for _ in range(runs)]
    score = {
        name: statistics.median(100 * report["categories"][name]["score"] for report in reports)
        for name in CATEGORIES
    }
    shift = "cumulative-layout-shift"
    return Scores(
        performance=score["performance"],
        accessibility=score["accessibility"],
        best_practices=score["best-practices"],
        seo=score["seo"],
        layout_shift=statistics.median(r["audits"][shift]["numericValue"] for r in reports),
        kib=_transferred(reports[0]) / 1024,
        failed=_failed(reports[0]),
    )


def _report(url: str, *, desktop: bool) -> dict[str, Any]:
    node = tools.program("node", "install Node.js 18 or newer (apt-get install nodejs)")
    script = tools.package("lighthouse") / "cli/index.js"
    flags = " ".join(["--headless=new", *FLAGS, *([] if sandboxed() else ["--no-sandbox"])])
    command = [node, str(script), url, "--output=json", "--quiet", f"--chrome-flags={flags}"]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    if desktop:
        command.append("--preset=desktop")
    env = {**os.environ, "CHROME_PATH": str(find_chromium())}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=240)
    report: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    error = report.get("runtimeError", {}).get("message", "") if report else done.stderr[-2000:]
    if error or not report:
        raise LighthouseError(f"Lighthouse cannot measure {url}: {error}")
    return report


def _transferred(report: dict[str, Any]) -> float:
    requests = report["audits"]["network-requests"]["details"]["items"]
    return sum(float(r["transferSize"]) for r in requests if r.get("resourceType") != "Image")


def _failed(report: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        reference["id"]
        for name in CATEGORIES[1:]
        for reference in report["categories"][name]["auditRefs"]
        if reference["weight"] and report["audits"][reference["id"]]["score"] not in (1, None)
    )
