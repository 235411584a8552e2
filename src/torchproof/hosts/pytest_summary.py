"""Summarize a pytest run: counts, environments and times; write records and the drift table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from torchproof.code_digest import code_of
from torchproof.files import write_atomically
from torchproof.finding.subjects import Subject
from torchproof.records.drift import Held, drift_table
from torchproof.records.record import Verdict, could_not_run, read_records, write_verdicts
from torchproof.running.environment import Environment
from torchproof.running.outcome import Failure

_SLOWEST = 5
_WRITTEN_AFTER = 25
"""Outcomes between two writes of the records, so the most that a killed run loses."""


@dataclass
class _Totals:
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: int = 0
    checked: int = 0


class Summary:
    """Collect outcomes from the test reports, which under xdist come from several processes."""

    def __init__(self, config: pytest.Config, subjects: Sequence[Subject]) -> None:
        self.config = config
        self.subjects = {subject.id: subject for subject in subjects}
        self.totals: dict[Environment, _Totals] = defaultdict(_Totals)
        self.verdicts: dict[Environment, dict[str, Verdict]] = defaultdict(dict)
        self.failures: dict[Environment, dict[str, list[Failure]]] = defaultdict(dict)
        self.seconds: list[tuple[float, str]] = []
        self.since_written = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count an outcome, and write the records from time to time with --record."""
        found: dict[str, Any] = dict(report.user_properties)
        if report.when != "call" or "outcome" not in found:
            return
        environment = msgspec.json.decode(found["environment"], type=Environment)
        totals = self.totals[environment]
        totals.statuses[found["outcome"]] += 1
        totals.examples += found["examples"]
        totals.checked += found["checked"]
        self.seconds.append((found["seconds"], report.nodeid))
        subject = report.nodeid.rpartition("[")[0]
        failures = msgspec.json.decode(found["failures"], type=list[Failure])
        self.failures[environment][subject] = failures
        self.since_written += 1
        self.verdicts[environment][subject] = Verdict(
            found["digest"],
            found["outcome"],
            found["reason"],
            found["examples"],
            found["checked"],
            code_of(self.subjects[subject], environment.device),
        )

        if self.config.option.record and self.since_written >= _WRITTEN_AFTER:
            self._record()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary; write the records and the drift table if requested."""
        if not self.totals:
            return
        write = terminalreporter.write_line
        terminalreporter.section("torchproof")
        environments = sorted(self.totals, key=lambda environment: environment.id)
        for environment in environments:
            totals = self.totals[environment]
            counts = ", ".join(f"{n} {status}" for status, n in sorted(totals.statuses.items()))
            write(
                f"{environment.device}: {sum(totals.statuses.values())} subjects ({counts}), "
                f"{totals.examples} examples, {totals.checked} checked outputs"
            )
            build = f"+{environment.build}" if environment.build else ""
            write(
                f"     torch {environment.torch}{build}, visdom {environment.visdom or 'absent'}, "
                f"Python {environment.python}, {environment.system} {environment.machine}, "
                f"{environment.device_name or environment.capability}"
            )
        slowest = sorted(self.seconds, reverse=True)[:_SLOWEST]
        write("slowest: " + ", ".join(f"{name} {seconds:.2f} s" for seconds, name in slowest))
        if self.config.option.drift:
            table = "\n".join(self._drift(environment) for environment in environments)
            write("")
            for line in table.splitlines():
                write(line)
            write_atomically(self.config.rootpath / self.config.option.drift, table)
        if self.config.option.record:
            for path, outcomes in self._record().items():
                name = path.relative_to(self.config.rootpath)
                write(f"recorded {outcomes} outcomes in {name}")

    def _record(self) -> dict[Path, int]:
        """Write the verdicts so far; return the number of verdicts by file."""
        self.since_written = 0
        folder = self.config.rootpath / "docs" / "verified"
        written = {}
        for environment in sorted(self.verdicts, key=lambda environment: environment.id):
            verdicts = {
                key: verdict
                for key, verdict in self.verdicts[environment].items()
                if not could_not_run(self.subjects[key], verdict.status, environment)
            }
            path = write_verdicts(folder, environment, verdicts, known=self.subjects)
            written[path] = len(verdicts)
        return written

    def _drift(self, environment: Environment) -> str:
        """Return the table of subjects that passed in some record but failed here."""
        records = read_records(self.config.rootpath / "docs" / "verified")
        fell = []
        for key, verdict in sorted(self.verdicts[environment].items()):
            subject = self.subjects[key]
            before = [
                record.environment
                for record in records
                if (seen := record.verdict(subject)) and seen.status == "passed"
            ]
            if verdict.status not in {"passed", "skipped"} and before:
                fell.append(Held(subject, verdict, self.failures[environment][key], before))
        return drift_table(environment, fell, asked=len(self.verdicts[environment]))
