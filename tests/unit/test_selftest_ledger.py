"""`tests.selftest.ledger`: a fault is caught in exactly its cells only, and none that was not tried."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.selftest.faults.fault import ALL
from tests.selftest.ledger import CleanEntry, FaultEntry, Ledger, print_ledger, spell_cells
from tests.unit.report.page import Page

MODEL = ("1.6", "Model")
PROJECT = ("1.6", "Project")


def _print(ledger: Ledger) -> str:
    stream = io.StringIO()
    print_ledger(ledger, Console(file=stream, width=120, color_system=None))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_a_fault_in_exactly_its_cells_is_caught(tmp_path: Path) -> None:
    """The headline counts it, and the report has its cells and the time to the verdict."""
    ledger = Ledger(tmp_path / "selftest", ["label-lost"])
    ledger.enter(FaultEntry("label-lost", expected={MODEL}, found={MODEL}, seconds=4.2))
    ledger.enter(CleanEntry("upstream-main, seed 7", alarms=set(), seconds=9.0))
    assert ledger.succeeds
    assert ledger.headline == "1 of 1 fault caught, each in its cells; 1 clean run without a false alarm"
    text = (tmp_path / "selftest" / "report.md").read_text(encoding="utf-8")
    row = "| label-lost | 1.6 of Model | 1.6 of Model | ✅ yes | 4.2 s |"
    assert row in text
    assert "| upstream-main, seed 7 | ✅ none | 9.0 s |" in text


@pytest.mark.parametrize(
    ("found", "remark", "verdict"),
    [
        (set(), "", "no; missing: 1.6 of Model"),
        ({PROJECT}, "", "yes, but not as it must be; missing: 1.6 of Model; unexpected: 1.6 of Project"),
        ({MODEL, PROJECT}, "", "yes, but not as it must be; unexpected: 1.6 of Project"),
        ({MODEL}, "column owner is not named", "yes, but not as it must be; column owner is not named"),
    ],
)
def test_any_other_result_is_not_caught(
    found: set[tuple[str, str]], remark: str, verdict: str, tmp_path: Path
) -> None:
    """A fault that is missed, seen elsewhere, seen too widely or not named is red, with what was wrong."""
    ledger = Ledger(tmp_path)
    ledger.enter(FaultEntry("a", expected={MODEL}, found=found, seconds=1.0, remark=remark))
    assert not ledger.succeeds
    assert ledger.headline.startswith("0 of 1 fault caught in their cells; 1 ")
    assert f"❌ {verdict} |" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert verdict in " ".join(_print(ledger).split()) or "; " in verdict


def test_what_depends_on_timing_is_tolerated(tmp_path: Path) -> None:
    """A cell that the fault may turn red makes no difference, red or not; it can't stand for another."""
    ledger = Ledger(tmp_path)
    for name, found in (("a", {MODEL}), ("b", {MODEL, PROJECT}), ("c", {PROJECT})):
        ledger.enter(FaultEntry(name, expected={MODEL}, may={PROJECT}, found=found, seconds=1.0))
    assert [(entry.is_caught, entry.differences) for entry in ledger.faults] == [
        (True, []),
        (True, []),
        (False, ["missing: 1.6 of Model"]),
    ]


def test_a_fault_that_was_not_tried_is_no_success(tmp_path: Path) -> None:
    """An interrupted run lists what it did not come to, and is no success."""
    ledger = Ledger(tmp_path, ["a", "b", "c"])
    ledger.enter(FaultEntry("b", expected={MODEL}, found={MODEL}, seconds=1.0))
    ledger.interrupted = True
    assert [(entry.name, entry.verdict) for entry in ledger.faults] == [
        ("a", "not tried"),
        ("b", "yes"),
        ("c", "not tried"),
    ]
    assert not ledger.succeeds
    assert ledger.headline == "Interrupted: 1 of 1 fault caught, each in its cells; 2 not tried"


def test_a_false_alarm_is_no_success(tmp_path: Path) -> None:
    """A red cell of a clean run is named, wherever the ledger is shown."""
    ledger = Ledger(tmp_path)
    ledger.enter(CleanEntry("run 1", alarms=set(), seconds=9.0))
    ledger.enter(CleanEntry("run 2", alarms={("5.7", "Model")}, seconds=9.0))
    assert ledger.headline == "1 of 2 clean runs with a false alarm"
    assert not ledger.succeeds
    assert "5.7 of Model" in _print(ledger)


def test_each_entry_is_written_at_once(tmp_path: Path) -> None:
    """A run that is killed leaves the entries that it had."""
    ledger = Ledger(tmp_path / "new", ["a", "b"])
    ledger.enter(FaultEntry("a", expected={MODEL}, found={MODEL}, seconds=1.0))
    assert "1 not tried" in (tmp_path / "new" / "report.html").read_text(encoding="utf-8")


def test_the_page_is_complete_in_itself(tmp_path: Path) -> None:
    """It asks for nothing, has a row per fault and run, and shows markup as text."""
    ledger = Ledger(tmp_path, ["a", "b"])
    ledger.enter(FaultEntry("a", expected={MODEL}, found={PROJECT}, seconds=1.0, remark="<script>x</script>"))
    ledger.enter(CleanEntry("run 1", alarms=set(), seconds=9.0))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert {tag for tag, _, _ in page.elements} & {"script", "img", "iframe"} == set()
    assert [a["href"] for _, a, _ in page.elements if "href" in a] == ["data:,"]
    assert page.find("h1")[0][1] == ledger.headline
    assert [text[:2] for _, text in page.find("tr")] == ["Fa", "a ", "b ", "Ru", "ru"]
    assert "<script>x</script>" in page.find("tr")[1][1]
    assert page.find("p", "ia-verdict")[0][1] == "FAILED"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (set(), ""),
        ({("1.1", "")}, "1.1"),
        ({("2.3", "Model"), ("1.6", "Model"), ("1.1", "")}, "1.1; 1.6, 2.3 of Model"),
        ({("5.10", "Model"), ("5.9", "Project"), ("5.9", "Model")}, "5.9 of Project and Model; 5.10 of Model"),
        ({("1.6", kind) for kind in ALL}, "1.6 of all kinds"),
        ({("3", "sparkjob-double-panic")}, "3 of sparkjob-double-panic"),
    ],
)
def test_cells_are_spelt_shortly(cells: set[tuple[str, str]], expected: str) -> None:
    """Sections of the same kinds stand together, in the report's order; thirteen kinds are 'all'."""
    assert spell_cells(cells) == expected
