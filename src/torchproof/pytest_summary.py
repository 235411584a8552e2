"""The end of a pytest run: what was checked, where, and how long it took; the record of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from torchproof.record import Verdict, write_verdicts
from torchproof.worker import Worker

_SLOWEST = 5


@dataclass
class _Totals:
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: int = 0
    checked: int = 0


class Summary:
    """Collects outcomes from the reports, which under xdist come from several processes."""

    def __init__(self, config: pytest.Config, worker: Worker, known: list[str]) -> None:
        self.config = config
        self.worker = worker
        self.known = known
        self.totals: dict[str, _Totals] = defaultdict(_Totals)
        self.verdicts: dict[str, dict[str, Verdict]] = defaultdict(dict)
        self.seconds: list[tuple[float, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an outcome."""
        found: dict[str, Any] = dict(report.user_properties)
        if report.when != "call" or "outcome" not in found:
            return
        totals = self.totals[found["device"]]
        totals.statuses[found["outcome"]] += 1
        totals.examples += found["examples"]
        totals.checked += found["checked"]
        self.seconds.append((found["seconds"], report.nodeid))
        self.verdicts[found["device"]][report.nodeid.rpartition("[")[0]] = Verdict(
            found["digest"],
            found["outcome"],
            found["reason"],
            found["examples"],
            found["checked"],
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary and write the record."""
        if not self.totals:
            return
        write = terminalreporter.write_line
        terminalreporter.section("torchproof")
        for device in sorted(self.totals):
            environment = self.worker.environment(device)
            totals = self.totals[device]
            counts = ", ".join(f"{n} {status}" for status, n in sorted(totals.statuses.items()))
            write(
                f"{device}: {sum(totals.statuses.values())} subjects ({counts}), "
                f"{totals.examples} examples, {totals.checked} checked outputs"
            )
            build = f"+{environment.build}" if environment.build else ""
            write(
                f"     torch {environment.torch}{build}, visdom {environment.visdom or 'absent'}, "
                f"Python {environment.python}, {environment.device_name}"
            )
        slowest = sorted(self.seconds, reverse=True)[:_SLOWEST]
        write("slowest: " + ", ".join(f"{name} {seconds:.2f} s" for seconds, name in slowest))
        if self.config.option.record:
            for device, verdicts in sorted(self.verdicts.items()):
                environment = self.worker.environment(device)
                folder = self.config.rootpath / "docs" / "verified"
                path = write_verdicts(folder, environment, verdicts, known=self.known)
                name = path.relative_to(self.config.rootpath)
                write(f"recorded {len(verdicts)} outcomes in {name}")
