"""Chapter 4 of the samples: the same objects through Michelangelo's API server, every value fixed."""

from __future__ import annotations

import dataclasses

from harness.core.record import Check, Evidence, Finding, KindContents, Record, Status
from tests.unit.report.sample_contents import KINDS

SECTIONS = {
    "4.1": "Proto column agrees",
    "4.2": "Created through the API server",
    "4.3": "Created row equals the object",
    "4.4": "Updated through the API server",
    "4.5": "Updated row equals the object",
    "4.6": "Deleted through the API server",
}
_NO_FINALIZER = "known issue api-server-adds-no-finalizer"
_NO_SERVICE = "the API server has no service for InferenceServer"

_DETAILS = {
    **{(kind.name, "4.6"): (Status.KNOWN, _NO_FINALIZER) for kind in KINDS},
    ("Model", "4.4"): (Status.NOT_APPLICABLE, "immutable kind: the object has left Kubernetes"),
    ("Model", "4.5"): (Status.NOT_APPLICABLE, "immutable kind: the row stays as it is"),
    **{("InferenceServer", section): (Status.NOT_APPLICABLE, _NO_SERVICE) for section in list(SECTIONS)[1:]},
}

_FAULTS = {
    ("Revision", "4.1"): (Status.FAIL, "the proto column differs from the json column in 1 place"),
    ("RayJob", "4.4"): (Status.ERROR, "the API server did not answer within 5 s"),
    ("RayJob", "4.5"): (Status.NOT_RUN, "the update could not be sent"),
}
_FINDING = Finding("row.proto", "proto spec.owner.name", '"ingester-test"', '"<b>ingester</b>-test"')


def add_api_checks(record: Record, *, start: float, reproduce: str, with_faults: bool = False) -> None:
    """Add the chapter's checks to `record`, and the one of its known issues."""
    results = _DETAILS | (_FAULTS if with_faults else {})
    for section, title in SECTIONS.items():
        for number, kind in enumerate(KINDS):
            status, detail = results.get((kind.name, section), (Status.PASS, ""))
            judged = status not in {Status.NOT_RUN, Status.NOT_APPLICABLE}
            record.checks.append(
                Check(
                    section,
                    title,
                    kind.name,
                    status=status,
                    detail=detail,
                    duration_s=0.02 if judged else 0.0,
                    reproduce=reproduce.format(kind.tables[0]),
                    issues=["api-server-adds-no-finalizer"] if status is Status.KNOWN else [],
                    findings=[_FINDING] if status == Status.FAIL else [],
                    evidence=_build_evidence(kind, section, status, start + 20 + number) if judged else [],
                )
            )
    record.checks.append(Check("4.7", "Known issues of the API server show", status=Status.PASS, detail="1 shows"))


def build_idle_api_checks(reason: str = "no API server was built: give --michelangelo") -> list[Check]:
    """Return the chapter's checks in a run without an API server."""
    return [
        Check(section, title, kind.name, status=Status.NOT_APPLICABLE, detail=reason)
        for kind in KINDS
        for section, title in SECTIONS.items()
    ]


def _build_evidence(kind: KindContents, section: str, status: Status, at: float) -> list[Evidence]:
    name = f"{kind.tables[0]}s/ingester-test-{kind.tables[0]}-api"
    if section in {"4.1", "4.3", "4.5"}:
        findings = [dataclasses.asdict(_FINDING)] if status == Status.FAIL else []
        return [Evidence("comparison", "the proto column, decoded", "", at, findings)]
    verb = {"4.2": "create", "4.4": "update", "4.6": "delete"}[section]
    return [Evidence("request", f"{verb} through the API server {name}", "", at, {"kind": kind.name})]
