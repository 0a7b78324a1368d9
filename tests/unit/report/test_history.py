"""`harness.report.history` and its page: what many runs say together, and what no single one could."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.record import (
    Check,
    Component,
    Finding,
    IssueResult,
    IssueStatus,
    Latency,
    Record,
    Status,
)
from harness.report.history import History, Timeline, build_history
from harness.report.history_page import render_history, render_history_text, tell_red
from harness.report.trend import draw_trend
from tests.unit.report.page import Page
from tests.unit.report.sample_contents import make_record

RECORDS = Path(__file__).parents[1] / "core" / "records"

P, F, K, E, N = Status.PASS, Status.FAIL, Status.KNOWN, Status.ERROR, Status.NOT_RUN


def _run(number: int, status: Status, digest: str = "aa", commit: str = "") -> Record:
    """Return the record of day `number`: one cell, of a controller manager of that digest and commit."""
    record = make_record(Check("4.2", "created", "Model", status=status))
    record.started_at = f"2026-03-{number:02d}T12:00:00+00:00"
    record.system_under_test = "reference"
    record.components = [Component("michelangelo-controllermgr", "Running", sha256=digest)]
    record.environment = {"commit": commit} if commit else {}
    return record


def _build(*records: Record) -> History:
    return build_history((Path(f"{number}/report.json"), record) for number, record in enumerate(records))


def _find(history: History, subject: str = "Model, 4.2 Created") -> Timeline:
    return next(line for line in history.timelines if line.subject == subject)


@pytest.mark.parametrize(
    ("statuses", "red_since", "green_until"),
    [
        ((P, F, F), 1, 0),
        ((F, F), 0, None),
        ((P, F, P), None, None),
        ((F, P, K, F, N, F), 3, 2),   # what did not run ends no streak
        ((P, F, E), 1, 0),            # nor does what could not be told
        ((P, N), None, None),
    ],
)
def test_red_is_told_from_its_first_run_on(
    statuses: tuple[Status, ...], red_since: int | None, green_until: int | None
) -> None:
    """A cell is red since the first failure of the streak that lasts until now, whatever gaps it has."""
    line = _find(_build(*(_run(number + 1, status) for number, status in enumerate(statuses))))
    assert (line.red_since, line.green_until) == (red_since, green_until)


def test_the_first_red_run_has_its_commit() -> None:
    """The words name commit and time of the first red run, and of the last one before it."""
    history = _build(_run(1, P, commit="8a8c215d" + 32 * "0"), _run(2, F, commit="642204b9" + 32 * "0"))
    told = "red since 642204b9 of 2026-03-02 12:00:00 UTC; not yet in 8a8c215d of 2026-03-01 12:00:00 UTC"
    assert tell_red(history, _find(history)) == told
    assert f"Model, 4.2 Created: {told}" in render_history_text(history)
    assert [line.subject for line in history.red] == ["Model, 4.2 Created"]


def test_only_equal_runs_can_be_flaky() -> None:
    """A changed verdict is a flake where nothing else changed; of another executable it is news."""
    same = _find(_build(_run(1, P), _run(2, F), _run(3, P), _run(4, P)))
    assert (same.flips, same.repeats, same.flake_rate) == (2, 3, 2 / 3)
    other = _find(_build(_run(1, P), _run(2, F, digest="bb"), _run(3, F, digest="bb")))
    assert (other.flips, other.repeats, other.flake_rate) == (0, 1, 0.0)
    unknown = _find(_build(_run(1, P, digest=""), _run(2, F, digest="")))
    assert (unknown.repeats, unknown.flake_rate) == (0, None)


def test_runs_stand_in_the_order_of_their_time() -> None:
    """Whatever order the files have; one that is given twice is one run."""
    history = _build(_run(3, F), _run(1, P), _run(3, F))
    assert [run.started_at[8:10] for run in history.runs] == ["01", "03"]


@pytest.mark.parametrize("missed", [IssueStatus.STALE, IssueStatus.GONE])
def test_the_age_of_an_issue_is_that_of_its_latest_streak(missed: IssueStatus) -> None:
    """It begins anew after a run in which the issue was looked for in vain; runs that did not look end nothing."""
    seen, unseen = IssueStatus.REPRODUCED, IssueStatus.NOT_CHECKED
    records = [_run(number, P) for number in range(1, 6)]
    for record, status in zip(records, (seen, missed, seen, unseen, seen), strict=True):
        record.known_issues = [IssueResult("a", "It limps", status), IssueResult("b", "It rests", unseen)]
    (issue,) = _build(*records).issues
    assert (issue.id, issue.since, issue.until, issue.age_days) == ("a", 2, 4, 2.0)
    assert (issue.shown, issue.looked_for) == (3, 4)


def test_latencies_have_their_spread() -> None:
    """The median and the half about it, for each operation; the drawing has a mark and a bar of each."""
    record = _run(1, P)
    record.latencies = [Latency("Model", "create", seconds / 1000) for seconds in (4, 5, 6, 7, 90)]
    history = _build(record)
    spread = history.runs[0].spreads["create"]
    assert (spread.low_s, spread.median_s, spread.high_s, spread.samples) == (0.005, 0.006, 0.007, 5)
    drawing = draw_trend(history.runs)
    assert (drawing.count("ia-create-mark"), drawing.count("ia-create-bar"), drawing.count("patch")) == (1, 1, 0)
    assert draw_trend(_build(_run(1, P)).runs) == ""


def test_records_of_every_version_are_runs(tmp_path: Path) -> None:
    """Files of schema versions 1 and 2 stand beside today's, each with its cells."""
    paths = [RECORDS / "version-1.json", RECORDS / "version-2.json"]
    records = [(path, Record.from_json(path.read_text(encoding="utf-8"))) for path in paths]
    records[0][1].started_at = "2026-03-08T12:00:00+00:00"
    history = build_history([*records, (tmp_path / "report.json", _run(9, P))])
    assert len(history.runs) == 3
    for number, run in enumerate(history.runs):
        assert any(line.statuses[number] is not None for line in history.timelines), run
    assert "4.2 Created" in {line.name for line in history.timelines}


def test_the_page_asks_for_nothing_and_hides_nothing(tmp_path: Path) -> None:
    """It has no script, escapes what records hold, has a column per run, and links to reports that are there."""
    record = _run(1, F)
    record.headline = "<script>alert(1)</script>"
    record.checks[0].findings = [Finding("row.missing", "x", "", "")]
    path = tmp_path / "runs" / "1" / "report.json"
    path.parent.mkdir(parents=True)
    path.with_name("report.html").write_text("x", encoding="utf-8")
    history = build_history([(path, record), (tmp_path / "none" / "report.json", _run(2, P))])
    text = render_history(history, tmp_path)
    page = Page(text.replace("<input ", "<br "))
    assert text.startswith("<!DOCTYPE html>")
    assert page.find("script") == []
    assert {a["href"] for a, _ in page.find("a") if not a["href"].startswith("#")} == {"runs/1/report.html"}
    assert [text for _, text in page.find("td", "ia-fail")] == ["✗"]
    assert len(page.find("th", "ia-run")) == 2 * len(history.chapters) + (2 if history.issues else 0)
    assert {a["class"] for a, _ in page.find("tr", "ia-line")} == {"ia-line ia-is-changed ia-is-flaky ia-of-3"}
