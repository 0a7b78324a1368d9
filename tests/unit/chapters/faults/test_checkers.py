"""`harness.chapters.faults.checkers`: each finds the fault that it is for, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from harness.chapters.faults import checkers
from harness.chapters.faults.checkers import RoundHistory
from harness.chapters.faults.final_state import FinalState
from harness.chapters.faults.load.history import ObjectRecord
from harness.chapters.faults.load.sampler import Follower
from harness.clients.mysql.tables import RowVersion
from harness.core.record import Finding
from harness.spec.model import JsonObject
from tests.fakes.contract import CONTRACT
from tests.unit.chapters.faults.builders import make_final_state, make_obj, make_record, make_row, without_labels

GOING = "2026-03-01T12:00:05Z"


def tell(*records: ObjectRecord, **changes: object) -> RoundHistory:
    """Return the history of a fault between seconds 10 and 20."""
    history = RoundHistory({record.uid: record for record in records}, injected_at=10.0, recovered_at=20.0)
    return dataclasses.replace(history, **changes)  # type: ignore[arg-type]


def check(history: RoundHistory, final: FinalState, follower: Follower | None = None) -> list[str]:
    """Return all findings in words."""
    return [str(finding) for finding in checkers.check_all(history, final, follower or Follower())]


def only(findings: Iterable[str]) -> str:
    """Return the one finding that there must be."""
    (finding,) = findings
    return finding


def test_what_is_right_has_no_finding() -> None:
    """A live object with its row, a deleted one with a soft-deleted row, an immutable one in MySQL only: well."""
    live, gone, model = make_obj(), make_obj("b"), make_obj("m", kind="Model")
    history = tell(
        make_record(live), make_record(gone, deleted=True), make_record(model), immutable=frozenset({"Model"})
    )
    final = make_final_state(
        (live, make_row(live)), (None, make_row(gone, deleted=True)), (None, make_row(model))
    )
    assert check(history, final) == []


def test_a_lost_object_is_found() -> None:
    """An acknowledged object without a row is a finding, with the controller manager's last error."""
    obj = make_obj()
    history = tell(make_record(obj), errors={"project-0": "too long"})
    finding = only(check(history, make_final_state((obj, None))))
    assert finding == (
        "Project project-0 (uid-of-p), acknowledged: expected a live row, got no row; its last error: too long"
    )


def test_a_lost_update_is_found() -> None:
    """A row that stayed behind the object's version is a finding."""
    old, new = make_obj(version=10), make_obj(version=11)
    finding = only(check(tell(make_record(old)), make_final_state((new, make_row(old)))))
    assert finding == "Project project-0 (uid-of-p), column res_version: expected 11, acknowledged, got still 10"


def test_a_wrong_column_is_found() -> None:
    """A row of the right version with another value is a finding."""
    obj = make_obj()
    assert "column tier" in only(check(tell(make_record(obj)), make_final_state((obj, make_row(obj, tier="5")))))


def test_lost_labels_are_found() -> None:
    """A row whose labels are of another version is a finding."""
    obj = make_obj()
    final = make_final_state((obj, without_labels(make_row(obj))))
    assert "project_labels" in only(check(tell(make_record(obj)), final))


def test_a_soft_deleted_row_of_a_live_object_is_found() -> None:
    """A live object must not have a soft-deleted row."""
    obj = make_obj()
    finding = only(check(tell(make_record(obj)), make_final_state((obj, make_row(obj, deleted=True)))))
    assert finding.endswith("expected a live row, got its row is soft-deleted")


def test_a_second_live_row_of_a_name_is_found() -> None:
    """Two live rows of one name are a finding, even if the other belongs to a former object."""
    obj, former = make_obj(), make_obj(uid="former")
    history = tell(make_record(obj), make_record(former, deleted=True))
    findings = check(history, make_final_state((obj, make_row(obj)), (None, make_row(former))))
    assert any("one live row of that name" in finding for finding in findings)


def test_a_row_in_another_table_is_found() -> None:
    """A row in the table of another kind is a finding."""
    obj = make_obj()
    stray = make_row({**obj, "kind": "Cluster"})
    findings = check(tell(make_record(obj)), make_final_state((obj, make_row(obj)), (None, stray)))
    assert "one in the table of Cluster" in only(findings)


def test_a_deletion_without_soft_delete_is_found() -> None:
    """A deleted object's live row is a finding."""
    obj = make_obj()
    finding = only(check(tell(make_record(obj, deleted=True)), make_final_state((None, make_row(obj)))))
    assert finding.endswith("its row soft-deleted, got it is live")


def test_a_hard_delete_is_found() -> None:
    """A deleted object without any row is a finding, as its row was there before the fault."""
    obj = make_obj()
    finding = only(check(tell(make_record(obj, deleted=True)), make_final_state()))
    assert finding.endswith("its row soft-deleted, got no row at all")


def test_an_object_that_lived_within_the_fault_need_have_no_row() -> None:
    """The Ingester can't write an object that was created and deleted while it could not see or write it."""
    obj = make_obj()
    assert check(tell(make_record(obj, deleted=True, at=15.0)), make_final_state()) == []


def test_a_stuck_object_is_found() -> None:
    """An object that the Ingester does not release is a finding, with its row's state and the error."""
    obj = make_obj(deletionTimestamp=GOING)
    errors = {"project-0": "object not found or already deleted"}
    history = tell(make_record(make_obj(), deleted=True), errors=errors)
    finding = only(check(history, make_final_state((obj, make_row(make_obj(), deleted=True)))))
    assert finding == (
        "Project project-0 (uid-of-p), deleted: expected the Ingester's finalizer gone, got stuck in Terminating,"
        " its row soft-deleted; its last error: object not found or already deleted"
    )


def test_an_object_that_others_hold_is_no_finding() -> None:
    """A deleted object may stay for somebody else's finalizer."""
    obj = make_obj(deletionTimestamp=GOING, finalizers=["somebody/else"])
    history = tell(make_record(make_obj(), deleted=True))
    assert check(history, make_final_state((obj, make_row(make_obj(), deleted=True)))) == []


def test_an_immutable_object_that_stays_is_found() -> None:
    """An object of an immutable kind has to leave Kubernetes."""
    obj = make_obj("m", kind="Model")
    history = tell(make_record(obj), immutable=frozenset({"Model"}))
    assert "still there" in only(check(history, make_final_state((obj, make_row(obj)))))


def test_an_immutable_object_without_a_row_is_found() -> None:
    """An object of an immutable kind that left Kubernetes without a row is lost."""
    history = tell(make_record(make_obj("m", kind="Model")), immutable=frozenset({"Model"}))
    assert only(check(history, make_final_state())).endswith("expected a live row, got no row")


def test_an_object_that_nobody_deleted_and_is_gone_is_found() -> None:
    """An object must not leave Kubernetes by itself."""
    obj = make_obj()
    findings = check(tell(make_record(obj)), make_final_state((None, make_row(obj))))
    assert any("which nobody deleted" in finding for finding in findings)


def test_a_row_without_an_object_is_found() -> None:
    """A row whose uid nobody knows is a finding; after an indeterminate creation a soft-deleted one may be."""
    row, deleted = make_row(make_obj(uid="stranger")), make_row(make_obj(uid="stranger"), deleted=True)
    assert "rows of objects only" in only(check(tell(), make_final_state((None, row))))
    excused = tell(indeterminate_names=frozenset({"project-0"}))
    assert check(excused, make_final_state((None, deleted))) == []
    assert check(excused, make_final_state((None, row))) != []


def test_labels_without_a_row_are_found() -> None:
    """Labels or annotations whose row is not there are a finding."""
    final = make_final_state()
    final.orphans["Project"] = {"uid-of-project-0"}
    assert "which has no row" in only(check(tell(), final))


def test_a_half_written_row_is_found_among_the_samples() -> None:
    """A row that was once seen with children of another version is a finding, though it is right at the end."""
    obj = make_obj()
    follower = Follower()
    follower.keep(CONTRACT.get_kind("Project"), without_labels(make_row(obj)))
    finding = only(check(tell(make_record(obj)), make_final_state((obj, make_row(obj))), follower))
    assert "sampled, table project_labels" in finding


def test_a_sample_of_an_altered_table_is_no_finding() -> None:
    """A row that was read while its table lacked a column says nothing about the Ingester."""
    obj, follower = make_obj(), Follower()
    row = make_row(obj)
    columns = {name: value for name, value in row.columns.items() if name != "tier"}
    follower.keep(CONTRACT.get_kind("Project"), dataclasses.replace(row, columns=columns))
    assert check(tell(make_record(obj)), make_final_state((obj, row)), follower) == []


def observe(*looks: dict[str, RowVersion]) -> list[Finding]:
    """Return what a follower finds in these looks."""
    follower = Follower()
    for look in looks:
        follower.observe(CONTRACT.get_kind("Project"), look)
    return follower.findings


def test_versions_that_go_back_are_found() -> None:
    """A row that goes back, vanishes or comes back to life between looks is found; one that moves on is not."""
    row = RowVersion("p", 10, live=True)
    newer, dead = dataclasses.replace(row, res_version=12), dataclasses.replace(row, live=False)
    assert observe({"u": row}, {"u": newer}, {"u": dataclasses.replace(newer, live=False)}) == []
    assert "back to 10" in only(map(str, observe({"u": newer}, {"u": row})))
    assert "no row any more" in only(map(str, observe({"u": row}, {})))
    assert "live again" in only(map(str, observe({"u": dead}, {"u": row})))


def lose(history: RoundHistory, obj: JsonObject | None) -> list[str]:
    """Return what Kubernetes lost, in words."""
    return list(map(str, checkers.find_lost_writes(history, make_final_state((obj, None)))))


def test_what_kubernetes_lost_is_told_apart() -> None:
    """An object older than acknowledged, one that lives though deleted, a revision that went back: all etcd's."""
    old, new = make_obj(version=9), make_obj(version=10)
    assert lose(tell(make_record(new), newest=10, first_final=11), new) == []
    assert "resourceVersion 10" in only(lose(tell(make_record(new)), old))
    assert "deleted, as acknowledged" in only(lose(tell(make_record(new, deleted=True)), new))
    assert "beyond version 10" in only(lose(tell(newest=10, first_final=10), None))


def test_a_finding_is_reported_once() -> None:
    """Two checkers that see the same thing make one finding."""
    obj = make_obj()
    assert len(check(tell(make_record(obj)), make_final_state((obj, make_row(obj, deleted=True))))) == 1


def test_findings_are_summed_up() -> None:
    """The summary has the number and the first one."""
    assert checkers.summarise([Finding("row.lost", "a", "b", "c")]) == "1 findings, first: a: expected b, got c"
    assert checkers.summarise([]) == "no finding"
