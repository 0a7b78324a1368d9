"""Records as a run would write them, for the tests of the renderers; every value is fixed.

`build_record` is a run in which everything happened that can: passes, failures with findings, known
issues, cells that do not apply, did not run or could not be judged, long evidence, and text that must not
reach a page as markup. `build_clean_record` is a run as the seed report found it, so without later chapters;
`build_clean_api_record` is one with chapter 4. `build_full_record` has every chapter, with faults or without.
`build_short_record` is the one that golden files are made of.
"""

from __future__ import annotations

import dataclasses
import json

from harness.core.record import (
    Check,
    Component,
    Evidence,
    Finding,
    IssueStatus,
    KindContents,
    Latency,
    Record,
    Status,
)
from tests.unit.report.sample_api import add_api_checks
from tests.unit.report.sample_chapters import add_chapters
from tests.unit.report.sample_contents import COLUMNS, KINDS, make_record
from tests.unit.report.sample_issues import build_issues, build_panic

START = 1773089400.0   # 2026-03-09 20:50:00 UTC
SCRIPT = "<script>alert('evidence')</script>"
REPRODUCE = "python -m pytest tests/acceptance --crd {}"

_TITLES = {
    "1.4": "the API server accepts it",
    "1.5": "its reconcile left three log lines",
    "1.6": "its row equals the object",
    "2.1": "the API server accepts the patch",
    "2.2": "its reconcile left three log lines",
    "2.3": "the row reaches the patch's version",
    "2.4": "the other row is untouched",
}
_JUDGED = {"created": "1.4", "synced": "1.6", "updated": "2.1", "update_synced": "2.3"}   # what decides a cell

_DETAILS = {
    ("Cluster", "updated"): (Status.PASS, "label update"),
    ("TriggerRun", "synced"): (Status.PASS, "after restart"),
    ("TriggerRun", "updated"): (Status.KNOWN, "deleted by business controller"),
    ("TriggerRun", "update_synced"): (Status.PASS, "on re-create"),
    ("SparkJob", "synced"): (Status.KNOWN, "known issue: controller manager crashes"),
    ("SparkJob", "updated"): (Status.NOT_APPLICABLE, ""),
    ("SparkJob", "update_synced"): (Status.NOT_APPLICABLE, ""),
}

_FAULTS = {
    ("Model", "synced"): (Status.FAIL, "2 differences between the row and the object at version 311"),
    ("Revision", "update_synced"): (
        Status.FAIL,
        "row still at res_version 317, the patch returned 342; unchanged for 10.0 s",
    ),
    ("RayJob", "updated"): (Status.ERROR, "kube-apiserver did not answer within 5 s"),
    ("RayJob", "update_synced"): (Status.NOT_RUN, "the patch could not be sent"),
}

_FINDINGS = {
    ("Model", "synced"): [
        Finding("row.column", "column algorithm", '"xgboost"', '"xgboots"'),
        Finding("row.labels", "table model_labels, key team", f'"größe-{SCRIPT}"', "no row"),
    ],
    ("Revision", "update_synced"): [
        Finding("row.behind", "column res_version", "342", "317"),
        Finding("row.column", "column owner", '"updated-owner"', '"ingester-test"'),
    ],
}


def build_record() -> Record:
    """Return a run with everything in it."""
    record = _build(_DETAILS | _FAULTS)
    add_api_checks(record, start=START, reproduce=REPRODUCE, with_faults=True)
    record.exit_code = 1
    record.headline = "3 checks failed: Model is not mirrored as it is, Revision's patch and proto are wrong"
    record.warnings = [
        "MySQL's clock is 2 s behind this machine's; update_time was compared with MySQL's own clock",
        f"a label holds markup: {SCRIPT}",
    ]
    record.known_issues[3].status = IssueStatus.NOT_CHECKED
    record.known_issues[2].status = IssueStatus.STALE
    record.known_issues[2].detail = "the controller manager's log holds no such rejection"
    record.known_issues[2].evidence = []
    return record


def build_clean_record() -> Record:
    """Return a run that succeeded and found what the seed report found."""
    record = _build(_DETAILS)
    record.exit_code = 0
    record.headline = "All 13 kinds behave as profile report-2026-03 expects"
    return record


def build_clean_api_record() -> Record:
    """Return the clean run as one that had Michelangelo's API server too."""
    record = build_clean_record()
    add_api_checks(record, start=START, reproduce=REPRODUCE)
    return record


def build_full_record(*, with_faults: bool = True) -> Record:
    """Return a run with every chapter; with faults the run with everything in it."""
    record = build_record() if with_faults else build_clean_api_record()
    add_chapters(record, start=START, reproduce=REPRODUCE, with_faults=with_faults)
    return record


def build_short_record(*, with_faults: bool = True) -> Record:
    """Return a run of two kinds in four chapters: one of everything, and short enough for a golden file."""
    record = build_full_record(with_faults=with_faults)
    kinds, sections = ("Model", "SparkJob"), ("1.", "2.", "4.1", "4.7", "5.7", "8.1", "8.2")
    record.kinds = [kind for kind in record.kinds if kind.name in kinds]
    tables = {table for kind in record.kinds for table in kind.tables}
    record.checks = [
        check
        for check in record.checks
        if (check.kind is None or check.kind in kinds) and check.section.startswith(sections)
    ]
    record.latencies = [latency for latency in record.latencies if latency.kind in kinds]
    record.row_counts = {table: number for table, number in record.row_counts.items() if table in tables}
    record.known_issues = [record.known_issues[number] for number in (0, 2, 4, 5)]
    record.headline = "1 check failed: Model is not mirrored as it is" if with_faults else "Both kinds are synced"
    return record


def _build(overrides: dict[tuple[str, str], tuple[Status, str]]) -> Record:
    record = make_record(
        started_at="2026-03-09T20:50:00+00:00",
        finished_at="2026-03-09T20:50:31+00:00",
        duration_s=31.4,
        command="python -m pytest tests/acceptance --profile report-2026-03 --controllermgr reference",
        profile="report-2026-03",
        system_under_test="reference",
        backend="local",
        namespace="ingester-test-7f3a",
        harness_version="0.1.0",
        environment={
            "Python": "3.11.7",
            "operating system": "Linux 6.1.0 x86_64, 2 processors",
            "kubernetes (Python package)": "31.0.0",
            "mysql-connector-python": "9.1.0",
        },
        digests={
            "CRDs": "sha256:" + "a1b2c3d4" * 8,
            "schema": "sha256:" + "0f1e2d3c" * 8,
            "templates": "sha256:" + "99aa88bb" * 8,
        },
        components=_build_components(),
        known_issues=build_issues(START),
        row_counts={
            table: (0 if kind.name == "SparkJob" else number)
            for kind in KINDS
            for table, number in zip(kind.tables, (1, 2, 1), strict=True)
        },
        stages_s={
            "MySQL": 1.31,
            "etcd and kube-apiserver": 3.36,
            "CRDs served": 1.72,
            "controllers registered": 0.31,
            "creation": 14.9,
            "patches": 7.8,
            "stop": 0.42,
        },
        latencies=[
            Latency(kind.name, operation, round((0.0048 + 0.0011 * number) * factor, 5))
            for number, kind in enumerate(KINDS)
            for operation, factor in (("create", 1.0), ("patch", 0.8))
            if kind.name != "SparkJob"
        ],
    )
    record.latencies.append(Latency("TriggerRun", "create", 2.83))
    record.checks = _build_sandbox_checks()
    for number, kind in enumerate(KINDS):
        for column in COLUMNS:
            status, detail = overrides.get((kind.name, column), (Status.PASS, ""))
            record.checks += _build_checks(kind, column, status, detail, START + 6 + number)
    return record


def _build_components() -> list[Component]:
    server = "/cache/ingester-acceptance/controlplane/{}"
    return [
        Component("etcd", "Running", version="3.6.8", path=server.format("etcd"), sha256="11" * 32),
        Component(
            "kube-apiserver", "Running", version="v1.36.3", path=server.format("kube-apiserver"), sha256="22" * 32
        ),
        Component("mysql", "Running", version="10.11.6-MariaDB", path="/usr/sbin/mariadbd", sha256="33" * 32),
        Component("ingester-schema-init", "Completed"),
        Component(
            "michelangelo-controllermgr",
            "Running",
            restarts=3,
            reason="restarted after exit code 2",
            version="reference 0.1.0",
            path="/env/bin/python",
            sha256="44" * 32,
        ),
    ]


def _build_sandbox_checks() -> list[Check]:
    registered = "\n".join(
        json.dumps({"level": "info", "msg": "Ingester controller registered successfully", "kind": kind.name})
        for kind in KINDS
    )
    return [
        Check(
            "1.1",
            "every component is Running, the schema job Completed",
            status=Status.PASS,
            duration_s=0.01,
            evidence=[Evidence("component", "components", "etcd: Running\nkube-apiserver: Running", START + 5)],
        ),
        Check("1.2", "the 39 tables exist, with their columns", status=Status.PASS, duration_s=0.04),
        Check(
            "1.3",
            "13 of 13 ingester controllers registered",
            status=Status.PASS,
            duration_s=0.31,
            evidence=[Evidence("log", "controller manager's log", registered, START + 5.5)],
        ),
    ]


def _build_checks(kind: KindContents, column: str, status: Status, detail: str, at: float) -> list[Check]:
    """Return a cell's checks: one decides, the others agree where nothing was judged, and pass otherwise."""
    judged = status not in {Status.NOT_RUN, Status.NOT_APPLICABLE}
    checks = []
    for section in COLUMNS[column].sections:
        decides = section == _JUDGED[column]
        own = status if decides or not judged else Status.PASS
        check = Check(section, _TITLES[section], kind.name, status=own)
        checks.append(check)
        if decides:
            check.detail, check.reproduce = detail, REPRODUCE.format(kind.tables[0])
            check.findings = _FINDINGS.get((kind.name, column), []) if status is Status.FAIL else []
            check.duration_s = 0.012 if judged else 0.0
            check.evidence = _build_evidence(kind, column, status, at) if judged else []
        elif judged and section in {"1.5", "2.2"}:
            check.evidence = [_build_log(kind, at)]
    return checks


def _build_log(kind: KindContents, at: float) -> Evidence:
    messages = (
        "Reconciling object",
        "Syncing object to metadata storage",
        "Successfully synced object to metadata storage",
    )
    lines = [
        json.dumps({"logger": f"ingester.{kind.name}", "msg": message, "name": f"ingester-test-{kind.tables[0]}"})
        for message in messages
    ]
    return Evidence("log", "controller manager's log", "\n".join(lines), at + 0.006)


def _build_evidence(kind: KindContents, column: str, status: Status, at: float) -> list[Evidence]:
    table = kind.tables[0]
    name = f"ingester-test-{table}"
    version = 300 + 2 * KINDS.index(kind)
    labels = {"team": f"größe-{SCRIPT}", "✓": "Ünïcödé 日本"}
    obj = {"kind": kind.name, "metadata": {"name": name, "labels": labels, "resourceVersion": str(version)}}
    path = f"/apis/michelangelo.api/v2/namespaces/ingester-test-7f3a/{table}s"
    if column == "created":
        return [
            Evidence("request", f"POST {path}", "", at, obj),
            Evidence("response", "201 Created", "", at + 0.004, obj),
        ]
    if column == "updated":
        patch = {"spec": {"description": f"UPDATED: {kind.name}"}}
        return [
            Evidence("request", f"PATCH {path}/{name} (merge)", "", at + 10, patch),
            Evidence("response", "200 OK", "", at + 10.003, obj),
        ]
    if kind.name == "SparkJob":
        return [build_panic(at)]
    patched = column == "update_synced"
    columns = {
        "uid": "6f1c2d3e-0000-4000-8000-00000000000a",
        "name": name,
        "res_version": version + (25 if patched else 0),
        "create_time": "2026-03-09 20:50:06",
        "update_time": "2026-03-09 20:50:17" if patched else "2026-03-09 20:50:06",
        "delete_time": None,
        "proto": "123 bytes",
        "json": obj | ({"spec": {"steps": list(range(6))}} if kind.name == "Model" else {}),
    }
    row = {"columns": columns, "labels": list(map(list, labels.items())), "annotations": []}
    when = at + (10.012 if patched else 0.012)
    found = _FINDINGS.get((kind.name, column), []) if status is Status.FAIL else []
    differences = [dataclasses.asdict(finding) for finding in found]
    return [
        Evidence("row", f"{table}, first look", "no row", when - 0.009),
        Evidence("row", f"{table}, last look", "", when, row),
        Evidence("comparison", "row against object", "no difference", when + 0.001, differences),
    ]
