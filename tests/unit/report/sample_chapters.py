"""Chapters 5 to 8 of the samples, with every status and a known issue of each kind; every value is fixed."""

from __future__ import annotations

from harness.core.record import (
    Check,
    Evidence,
    Finding,
    IssueResult,
    IssueStatus,
    KindContents,
    Record,
    Status,
)
from tests.unit.report.sample_contents import CHAPTERS_BY_KEY, KINDS

INPUTS = {
    "7.1": "SQL fragments and quotes",
    "7.2": "Backslashes and %s",
    "7.3": "Control characters",
    "7.4": "4-byte UTF-8",
    "7.5": "Right-to-left and combining",
    "7.6": "Strings of 64 KiB",
    "7.7": "Annotations of 256 KiB",
    "7.8": "Longest label keys",
    "7.9": "Objects of 1.4 MiB",
    "7.10": "Numbers at their limits",
    "7.11": "Deep nesting",
    "7.12": "Others are not held up",
}
ORPHAN = "An object without the finalizer leaves its row live"
TOO_LONG = "A description of more than 64 KB never reaches MySQL"

_TITLES = {
    section.number: section.heading
    for key in ("5", "6")
    for section in CHAPTERS_BY_KEY[key].sections
    if section.number not in {"6.1", "6.2", "6.3", "6.8"}
} | INPUTS
_FAULTS = {
    ("Pipeline", "5.3"): (Status.FAIL, "the row holds 97 of 100 patches: the last one is lost"),
    ("RayJob", "5.6"): (Status.ERROR, "kube-apiserver did not answer within 5 s"),
    ("Cluster", "6.6"): (Status.NOT_RUN, "the controller manager did not start again"),
    ("Deployment", "5.4"): (Status.INVALID, "the reconcile was over before the update was sent"),
}
_LOST = Finding("row.lost", "spec.description", '"patch 100"', '"patch 97"')
LIVE = Finding("row.live", "column delete_time", "set", "NULL: the row stays live")
_TOO_LONG = f"no row; Error 1406: Data too long for column '{'x' * 3000}'"
_LONG = Finding("row.missing", "the row", "there within 3 s", _TOO_LONG)


def add_chapters(record: Record, *, start: float, reproduce: str, with_faults: bool = False) -> None:
    """Add the checks of chapters 5 to 8 to `record`, and what became of their known issues."""
    for section, title in _TITLES.items():
        for number, kind in enumerate(KINDS):
            check = _build_check(section, title, kind, start + 60 + number, with_faults=with_faults)
            check.reproduce = reproduce.format(kind.tables[0])
            record.checks.append(check)
    record.checks += _build_gates(start + 90)
    record.checks += _build_faults(start + 120, with_faults=with_faults)
    record.known_issues += _build_issues()


def _build_check(section: str, title: str, kind: KindContents, at: float, *, with_faults: bool) -> Check:
    check = Check(section, title, kind.name, status=Status.PASS, duration_s=0.04)
    check.evidence = [Evidence("row", f"{kind.tables[0]}, last look", f"name: {kind.tables[0]}-{section}", at)]
    if section == "5.7":
        check.status, check.detail, check.issues = Status.KNOWN, ORPHAN, ["row-orphaned"]
        check.findings = [LIVE]
    elif section == "7.6" and kind.name in {"Project", "Model"}:
        check.status, check.detail, check.issues = Status.KNOWN, TOO_LONG, ["text-too-long"]
        check.findings = [_LONG]
    elif kind.name == "Model" and section in {"5.2", "5.3", "5.4", "6.5"}:
        check.status, check.detail = Status.NOT_APPLICABLE, "immutable kind: the object has left Kubernetes"
    elif section == "7.3":
        check.detail = "refused by the API: 400 Bad Request"
    elif section == "5.3":
        check.facts = {"patches": "100 in 0.4 s", "last one in MySQL after": "0.6 s"}
    if with_faults and (kind.name, section) in _FAULTS:
        check.status, check.detail = _FAULTS[kind.name, section]
        check.findings = [_LOST] if check.status is Status.FAIL else []
    return check


def _build_gates(at: float) -> list[Check]:
    log = Evidence("log", "controller manager's log", '{"msg": "ingester is disabled"}', at)
    return [
        Check("6.1", "Ingester disabled", status=Status.PASS, duration_s=1.2, evidence=[log]),
        Check("6.2", "Gate 1 only", status=Status.PASS, detail="refused: metadata storage is not configured"),
        Check("6.3", "Settings accepted", status=Status.PASS),
        Check(
            "6.8",
            "1,000 objects",
            status=Status.PASS,
            duration_s=7.1,
            facts={"objects": "1000 of 13 kinds", "in MySQL after": "5.2 s", "duplicates": "none"},
        ),
    ]


def _build_faults(at: float, *, with_faults: bool) -> list[Check]:
    rows = [
        ("8.1", "SIGKILL of the controller manager", "process 4711 gone after 3 ms", "1.2 s (allowed 9 s)"),
        ("8.2", "SIGSTOP of MySQL for 10 s", "no answer for 10.0 s", "3.4 s (allowed 21 s)"),
        ("8.3", "MySQL refuses connections for 60 s", "114 connections refused", "17.8 s (allowed 71 s)"),
        ("8.4", "A table is missing", "Error 1146 in the log", "2.0 s (allowed 9 s)"),
    ]
    checks = [
        Check(
            section,
            title,
            status=Status.PASS,
            duration_s=21.5,
            reproduce=f"pytest tests/acceptance -m faults --seed 7 -k {section}",
            facts={
                "load before": "98 acknowledged, 41/s",
                "struck": struck,
                "operations": "412 acknowledged, 38/s; 17 refused, 3 uncertain",
                "outage": "2.1 s, healed in 0.3 s",
                "seed": "7",
                "converged": converged,
            },
            evidence=[Evidence("log", "the workload", "create projects/load-1: 201", at)],
        )
        for section, title, struck, converged in rows
    ]
    if with_faults:
        checks[1].status, checks[1].detail = Status.INVALID, "MySQL answered during the whole time"
        checks[1].facts["struck"] = "no"
        checks[3].status, checks[3].detail = Status.FAIL, "1 acknowledged write is lost"
        checks[3].findings = [Finding("row.lost", "pipeline load-17, res_version", "812", "790")]
    return checks


def _build_issues() -> list[IssueResult]:
    return [
        IssueResult(
            "row-orphaned",
            ORPHAN,
            IssueStatus.REPRODUCED,
            "in 13 checks of 5.7",
            "Whoever reads MySQL takes a deleted object for a live one.",
            "Create objects with the finalizer michelangelo/Ingester.",
            evidence=[Evidence("note", "5.7 Deleted without finalizer", f"Project: {LIVE}\nModel: {LIVE}", 0.0)],
            fix="Add the finalizer in the reconciler before the first write.",
            sections=["5.7"],
        ),
        IssueResult(
            "text-too-long",
            TOO_LONG,
            IssueStatus.REPRODUCED,
            "in 2 checks of 7.6",
            "The object is retried for ever, and its row never appears.",
            "Keep descriptions below 64 KB.",
            fix="Make the column MEDIUMTEXT.",
            sections=["7.6"],
        ),
        IssueResult("lost-in-race", "An update during a reconcile may be lost", sections=["5.4"], fix="Retry."),
        IssueResult("api-server-adds-no-finalizer", "The API server adds no finalizer", sections=["4.7"]),
    ]
