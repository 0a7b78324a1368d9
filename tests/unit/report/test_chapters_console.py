"""The chapters beyond the first one on a console: readable at any width, each thing said once."""

from __future__ import annotations

import re

import pytest

from harness.core.record import Check, Finding, Status
from tests.unit.report.page import print_record
from tests.unit.report.sample import build_full_record
from tests.unit.report.sample_chapters import ORPHAN
from tests.unit.report.sample_contents import KINDS, make_record


def test_a_wide_matrix_on_a_narrow_console_is_symbols() -> None:
    """In 80 columns many cells are symbols with a legend and the sections' headings below; no row breaks."""
    part = _cut_chapter(print_record(build_full_record(), 80), "The rest of the contract", "Gates and backfill")
    rows = [line.split() for line in part.splitlines()[3:]]
    assert rows[0] == ["Kind", *(f"5.{number}" for number in range(1, 12))]
    assert [row[0] for row in rows[2:15]] == [kind.name for kind in KINDS]
    symbols = {row[0]: "".join(row[1:]) for row in rows[2:15]}
    assert (symbols["Project"], symbols["Model"]) == ("✓✓✓✓✓✓!✓✓✓✓", "✓···✓✓!✓✓✓✓")
    assert [symbols[kind][n] for kind, n in (("Pipeline", 2), ("RayJob", 5), ("Deployment", 3))] == ["✗", "?", "∅"]
    assert "✓ pass; ! known; · N/A; ✗ fail; ? error; ∅ invalid" in part
    assert "5.1 Labels & annotations; 5.2 No-op & status writes; 5.3 Rapid updates" in part
    assert max(len(line) for line in part.splitlines()[3:19]) <= 80


def test_a_wide_matrix_on_a_wide_console_has_words() -> None:
    """In 120 columns each cell has its word, so that no legend is needed; the headings still stand below."""
    part = _cut_chapter(print_record(build_full_record(), 120), "The rest of the contract", "Gates and backfill")
    model = next(line for line in part.splitlines() if line.startswith(" Model "))
    words = re.split(r"\s{2,}", model.strip())[1:]
    assert words == ["✓ pass", *["· N/A"] * 3, "✓ pass", "✓ pass", "! known", *["✓ pass"] * 4]
    assert "✓ pass; ! known" not in part
    assert "5.10 Re-created; 5.11 Successor of a live row" in part
    assert max(len(line) for line in part.splitlines()[3:19]) <= 120


@pytest.mark.parametrize("width", [80, 120])
def test_reasons_and_rows_stand_below_a_matrix(width: int) -> None:
    """Each reason that cells share is said once; checks of no kind follow with what they measured."""
    printed = print_record(build_full_record(), width)
    fifth = _cut_chapter(printed, "The rest of the contract", "Gates and backfill").splitlines()
    sixth = _cut_chapter(printed, "Gates and backfill", "Hostile input").splitlines()
    eighth = _cut_chapter(printed, "Faults under load", "✗ fail 1.6").splitlines()
    assert f"! known 13 cells of 5.7: {ORPHAN}" in fifth
    reason = "immutable kind: the object has left Kubernetes"
    assert f"· N/A 3 cells (Model 5.2, Model 5.3, Model 5.4): {reason}" in fifth
    assert [line for line in sixth if line.startswith("✓ pass 6.")] == [
        "✓ pass 6.1 Ingester disabled",
        "✓ pass 6.2 Gate 1 only: refused: metadata storage is not configured",
        "✓ pass 6.3 Settings accepted",
        "✓ pass 6.8 1,000 objects",
    ]
    assert "  objects: 1000 of 13 kinds; in MySQL after: 5.2 s; duplicates: none" in sixth
    marks = [line.partition(" 8.")[0] for line in eighth if " 8." in line]
    assert marks == ["✓ pass", "∅ invalid", "✓ pass", "✗ fail"]


def test_many_failures_do_not_flood_the_console() -> None:
    """Of many differences the first are printed, of many failures the titles; the report has them all."""
    many = [Finding("row.json", f"path {number}", "1", "2") for number in range(30)]
    checks = [Check("7.1", f"t{n}", "Model", status=Status.FAIL, findings=many) for n in range(30)]
    printed = print_record(make_record(*checks), 100)
    assert (printed.count("path 9\n"), printed.count("path 10\n")) == (20, 0)
    assert printed.count("and 20 more differences in the report") == 20
    assert printed.count("✗ fail 7.1 t") == 30


def test_without_unicode_letters_remain() -> None:
    """On a narrow terminal that knows ASCII only, the symbols of a wide matrix are letters with a legend."""
    record = build_full_record()
    record.checks = [check for check in record.checks if check.section.startswith("7.")]
    record.known_issues, record.warnings = [], []
    printed = print_record(record, 80, "ascii")
    assert ". pass; ! known" in printed
    assert "|Project         |.   |.   |.   |.   |.   |!   |" in printed


def test_a_matrix_of_many_columns_fits_into_80() -> None:
    """With fourteen columns the gaps shrink before anything is cut off."""
    checks = [Check(f"7.{n}", f"t{n}", "InferenceServer", status=Status.PASS) for n in range(1, 15)]
    printed = print_record(make_record(*checks), 80).splitlines()
    lines = [line for line in printed if "7.14" in line or "Infer" in line]
    assert max(map(len, lines[:2])) <= 80
    assert lines[0].split() == ["Kind", *(f"7.{number}" for number in range(1, 15))]
    assert lines[1].split() == ["InferenceServer", *["✓"] * 14]


def _cut_chapter(printed: str, title: str, end: str) -> str:
    return printed[printed.index(f"{title}\n") : printed.index(end, printed.index(f"{title}\n"))]
