"""Outcomes as data and as text."""

from __future__ import annotations

import signal

import msgspec

from torchproof.pictures.kinds import Trace
from torchproof.running.outcome import Drawing, Failure, Outcome, ended_early, report

FAILURE = Failure(12, "for x in y:\n    print(x)", "1\n", "2\n")


def test_outcome_survives_json() -> None:
    outcome = Outcome(
        "failed", "why", (FAILURE,), 2, 3, 0.5, (Drawing(1, "log", Trace("log", ("a",))),)
    )
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome


def test_report_shows_file_line_statement_expected_and_got() -> None:
    assert report("docs/a.md", Outcome("failed", failures=(FAILURE, FAILURE))) == "\n".join(
        [
            *("docs/a.md:12:", "    for x in y:", "        print(x)"),
            *("expected:", "    1", "got:", "    2"),
        ]
        * 2
    )


def test_report_says_when_nothing_came_or_nothing_was_expected() -> None:
    assert report("a", Outcome("failed", failures=(Failure(1, "f()", "1\n", ""),))) == (
        "a:1:\n    f()\nexpected:\n    1\ngot:\n    (nothing)"
    )
    assert "expected" not in report("a", Outcome("failed", failures=(Failure(1, "f()", "", "1"),)))


def test_report_of_an_outcome_without_failures_is_its_reason() -> None:
    assert report("docs/a.md", Outcome("timed-out", "took longer than 1 s")) == (
        "docs/a.md: timed-out: took longer than 1 s"
    )


def test_early_end_is_told_by_signal_or_status_with_the_last_output() -> None:
    assert ended_early(-signal.SIGSEGV, b"") == Outcome("crashed", "killed by SIGSEGV")
    assert ended_early(0, b" \n") == Outcome("crashed", "left with status 0 before its end")
    assert ended_early(3, b"why \xff\n").reason == "left with status 3 before its end\nwhy \ufffd"
    # Signals of real time have no names.
    assert ended_early(-40, b"").reason == "killed by signal 40"
