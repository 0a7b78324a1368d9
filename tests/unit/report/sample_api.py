"""The second matrix of the samples: the same objects through Michelangelo's API server, every value fixed.

As in a run, a cell has one check without a column, and the check's evidence has moved into the cell.
"""

from __future__ import annotations

from harness.catalogue import KINDS
from harness.model import Kind
from harness.report.matrix import API_SECTIONS
from harness.results import ApiCell, ApiColumn, Check, Evidence, Mismatch, Record, Status

_TITLES = {
    ApiColumn.PROTO: "Proto column agrees",
    ApiColumn.CREATED: "Created through the API server",
    ApiColumn.SYNCED: "Created row equals the object",
    ApiColumn.UPDATED: "Updated through the API server",
    ApiColumn.UPDATE_SYNCED: "Updated row equals the object",
    ApiColumn.DELETED: "Deleted through the API server",
}
_NO_FINALIZER = "known issue api-server-adds-no-finalizer"
_NO_SERVICE = "the API server has no service for InferenceServer"

_DETAILS = {
    **{(kind.name, ApiColumn.DELETED): (Status.KNOWN, _NO_FINALIZER) for kind in KINDS},
    ("Model", ApiColumn.UPDATED): (Status.NOT_APPLICABLE, "immutable kind: the object has left Kubernetes"),
    ("Model", ApiColumn.UPDATE_SYNCED): (Status.NOT_APPLICABLE, "immutable kind: the row stays as it is"),
    **{
        ("InferenceServer", column): (Status.NOT_APPLICABLE, _NO_SERVICE)
        for column in ApiColumn
        if column is not ApiColumn.PROTO
    },
}

_FAULTS = {
    ("Revision", ApiColumn.PROTO): (Status.FAIL, "the proto column differs from the json column in 1 place"),
    ("RayJob", ApiColumn.UPDATED): (Status.ERROR, "the API server did not answer within 5 s"),
    ("RayJob", ApiColumn.UPDATE_SYNCED): (Status.NOT_RUN, "the update could not be sent"),
}
_MISMATCH = Mismatch("proto spec.owner.name", '"ingester-test"', '"<b>ingester</b>-test"')


def add_api_cells(record: Record, *, start: float, reproduce: str, with_faults: bool = False) -> None:
    """Add the second matrix and its checks to `record`, and the check of its known issues."""
    results = _DETAILS | (_FAULTS if with_faults else {})
    for section, column in API_SECTIONS.items():
        for number, kind in enumerate(KINDS):
            status, detail = results.get((kind.name, column), (Status.PASS, ""))
            judged = status not in {Status.NOT_RUN, Status.NOT_APPLICABLE}
            evidence = _build_evidence(kind, column, status, start + 20 + number) if judged else []
            record.checks.append(
                Check(
                    section,
                    f"{_TITLES[column]}: {kind.name}",
                    kind.name,
                    status=status,
                    detail=detail,
                    duration_s=0.02 if judged else 0.0,
                    reproduce=reproduce.format(kind.table),
                    mismatches=[_MISMATCH] if status == Status.FAIL else [],
                )
            )
            record.api_cells.append(ApiCell(kind.name, column, status, detail, evidence))
    record.checks.append(Check("4.7", "Known issues of the API server show", status=Status.PASS, detail="1 shows"))


def build_idle_api_cells(reason: str = "no API server was built: give --michelangelo") -> list[ApiCell]:
    """Return the second matrix of a run without an API server."""
    return [ApiCell(kind.name, column, Status.NOT_APPLICABLE, reason) for kind in KINDS for column in ApiColumn]


def _build_evidence(kind: Kind, column: ApiColumn, status: Status, at: float) -> list[Evidence]:
    name = f"{kind.plural}/ingester-test-{kind.table}-api"
    if column in {ApiColumn.PROTO, ApiColumn.SYNCED, ApiColumn.UPDATE_SYNCED}:
        compared = str(_MISMATCH) if status == Status.FAIL else "uid: equal"
        return [Evidence("comparison", "the proto column, decoded", f"kind: equal\n{compared}", at)]
    verb = {ApiColumn.CREATED: "create", ApiColumn.UPDATED: "update", ApiColumn.DELETED: "delete"}[column]
    return [Evidence("request", f"{verb} through the API server {name}", f'{{"kind": "{kind.name}"}}', at)]
