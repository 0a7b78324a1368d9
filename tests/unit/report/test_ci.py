"""`harness.report.ci`: what a CI system shows, within its limits, and as text."""

from __future__ import annotations

from harness.core.record import Check, ContractFact, Finding, Record, Status
from harness.report.ci import ANNOTATIONS, render_annotations, render_summary
from tests.unit.report.sample import build_clean_record, build_record
from tests.unit.report.sample_contents import make_record


def _fail(section: str, kind: str | None, detail: str = "it differs") -> Check:
    findings = [Finding("row.json", "x", "1", "2")]
    return Check(section, "row", kind, status=Status.FAIL, detail=detail, findings=findings)


def test_the_summary_has_verdict_failures_and_matrix() -> None:
    """What failed comes before the matrices, each with its first findings."""
    text = render_summary(build_record())
    assert text.startswith("## FAILED")
    assert text.index("failed or could not be judged") < text.index("| CRD |")
    assert "failed or could not be judged" not in render_summary(build_clean_record())


def test_the_summary_keeps_to_its_limit() -> None:
    """It is cut between two parts, and says so."""
    whole = render_summary(build_record())
    cut = render_summary(build_record(), limit=2000)
    assert len(cut.encode()) <= 2000 < len(whole.encode())
    assert cut.endswith("The rest is in the report.\n")


def test_a_kind_is_annotated_where_it_is_declared() -> None:
    """All its failing checks are one error; a check of no kind has one without a place."""
    record = make_record(_fail("1.6", "Model"), _fail("2.3", "Model", "100 %\nlate"), _fail("1.1", None))
    record.contract = [ContractFact("Kinds", "Model", "mutable", "proto-go/api/v2/model.pb.go:5700; x.go:7")]
    assert render_annotations(record).splitlines() == [
        "::error file=proto-go/api/v2/model.pb.go,line=5700,title=Model%3A 1.6%2C 2.3"
        "::1.6 row: it differs%0A2.3 row: 100 %25%0Alate",
        "::error title=1.1 row%3A 1.1::1.1 row: it differs",
    ]


def test_no_more_than_are_shown() -> None:
    """The last of them counts the rest."""
    lines = render_annotations(Record(checks=[_fail("1.6", f"Kind{n}") for n in range(30)])).splitlines()
    assert len(lines) == ANNOTATIONS
    assert "21 kinds and checks more" in lines[-1]
    assert render_annotations(build_clean_record()) == ""
