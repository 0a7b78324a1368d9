"""`harness.chapters.faults.judgement`: a round's verdict follows from its record alone."""

from __future__ import annotations

import dataclasses

import pytest

from harness.chapters.faults.backoff import allow
from harness.chapters.faults.checkers import RoundHistory
from harness.chapters.faults.errorlog import Trouble
from harness.chapters.faults.judgement import Limits, Wait, find_pending, judge
from harness.chapters.faults.load.history import ObjectRecord
from harness.chapters.faults.round_file import decode, encode
from harness.chapters.faults.round_record import Look, RoundRecord, Settling
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import HarnessError
from harness.core.record import Finding
from harness.spec.model import JsonObject
from tests.unit.chapters.faults.builders import make_obj, make_record, make_round

RECOVERED_AT = 20.0


def judge_plainly(record: RoundRecord, limits: Limits = Limits()) -> list[Finding]:  # noqa: B008  it is frozen
    """Return the findings of a round of which nothing is known."""
    return judge(record, lambda _: False, limits).findings


def list_pending(
    objects: list[JsonObject],
    rows: dict[str, RowVersion],
    *records: ObjectRecord,
    targets: dict[str, int] | None = None,
    immutable: frozenset[str] = frozenset(),
) -> list[str]:
    """Return what is pending, in words."""
    history = RoundHistory({record.uid: record for record in records}, immutable)
    kinds = {obj["kind"] for obj in objects} | {record.kind for record in records}
    look = Look(0.0, {obj["metadata"]["uid"]: obj for obj in objects}, dict.fromkeys(kinds, rows), {})
    found = find_pending(history, look, targets or {})
    return [each.finding.actual for each in found]


def test_a_row_has_to_reach_its_target() -> None:
    """A live object is pending until its row is there, live, and at the version that was acknowledged."""
    obj, targets = make_obj(), {"uid-of-project-0": 10}
    row = RowVersion("project-0", 10, live=True)
    assert list_pending([obj], {"uid-of-project-0": row}, targets=targets) == []
    assert list_pending([obj], {}, targets=targets) == ["no row"]
    assert list_pending([obj], {"uid-of-project-0": RowVersion("", 9, live=True)}, targets=targets) == ["still 9"]
    assert list_pending([obj], {"uid-of-project-0": RowVersion("", 10, live=False)}, targets=targets) == [
        "soft-deleted"
    ]


def test_an_object_that_is_going_has_to_be_released() -> None:
    """A deleted object is pending while it has the Ingester's finalizer; with another's only it is not."""
    going = {"deletionTimestamp": "2026-03-01T12:00:00Z"}
    row = {"uid-of-project-0": RowVersion("", 10, live=False)}
    held, released = make_obj(**going), make_obj(**going, finalizers=["other"])  # type: ignore[arg-type]
    record = make_record(make_obj(), deleted=True)
    assert list_pending([held], row, record) == ["stuck in Terminating, its row soft-deleted"]
    assert list_pending([released], row, record) == []


def test_an_immutable_object_has_to_leave() -> None:
    """An object of an immutable kind is pending while it is in Kubernetes, and while it has no row."""
    model = make_obj("m", kind="Model")
    row = {"uid-of-m": RowVersion("m", 10, live=True)}
    immutable = frozenset({"Model"})
    assert list_pending([model], row, make_record(model), immutable=immutable) == ["still there"]
    assert list_pending([], {}, make_record(model), immutable=immutable) == ["no row"]
    assert list_pending([], row, make_record(model), immutable=immutable) == []


def test_a_round_that_converged_has_no_finding() -> None:
    """What was seen at each look and at the end decides, and what was measured says so."""
    result = judge(make_round(), lambda _: False)
    assert result.findings == []
    assert result.facts["converged"] == "3.0 s (allowed 12 s)"
    assert result.facts["final writes"] == "1, converged after 0.5 s"
    assert result.facts["checked"].startswith("1 objects, 1 rows, 0 looks")


def test_a_round_judged_again_from_its_file_ends_the_same() -> None:
    """The file has all that the judgement needs, also of one that failed."""
    for record in (make_round(), make_round(converges=False)):
        again = judge(decode(encode(record)), lambda _: False)
        assert again == judge(record, lambda _: False)
    assert again.findings


@pytest.mark.parametrize(
    ("limits", "allowed"), [(Limits(whole_s=2.5), "2 s"), (Limits(margin_s=0.2), "2 s"), (Limits(whole_s=4.0), "")]
)
def test_a_stricter_limit_ends_otherwise(limits: Limits, allowed: str) -> None:
    """What converged in time by the run's own limit did not by a shorter one, which looks no further."""
    result = judge(make_round(), lambda _: False, limits)
    assert {finding.code for finding in result.findings} == ({"row.behind"} if allowed else set())
    assert result.facts["converged"].endswith(f"(allowed {allowed or '4 s'})")


def test_what_is_explained_is_not_waited_for() -> None:
    """A wait is over once known issues explain all that is pending; what is pending is found all the same."""
    record = make_round(converges=False)
    wait = Wait(record, lambda finding: finding.code == "row.behind", after_final_writes=False)
    assert wait.conclude().look is record.settled.looks[0]
    assert [each.name for each in wait.conclude().pending] == ["project-0"]


def test_what_has_backed_off_for_long_is_touched_first() -> None:
    """An object whose next retry may come after the allowed time is no finding, but told."""
    record = make_round(converges=False)
    looks = [dataclasses.replace(look, troubles={"project-0": Trouble("no", 14)}) for look in record.settled.looks]
    record.settled = Settling(record.settled.began_at, record.settled.targets, looks)
    result = judge(record, lambda _: False)
    assert result.facts["touched"] == "1, whose next retry may take 41 s"
    assert result.findings == []
    assert judge_plainly(record, Limits(margin_s=0.5)) == []
    assert [finding.code for finding in judge_plainly(record, Limits(whole_s=11.0))] == ["row.behind"]


def test_retries_that_have_to_come_are_waited_for_until_they_are_due() -> None:
    """With an interval for retries an object that has failed again has time until its next one, and no longer."""
    for silence_s, found in ((1.0, []), (9.0, ["row.behind"])):
        record = make_round(converges=False)
        record.retry_s, now = 5.0, record.epoch + record.settled.looks[-1].at
        trouble = {"project-0": Trouble("no", 14, now - silence_s)}
        looks = [dataclasses.replace(look, troubles=trouble) for look in record.settled.looks]
        record.settled = Settling(record.settled.began_at, record.settled.targets, looks)
        assert [finding.code for finding in judge_plainly(record)] == found


def test_a_round_that_did_not_come_to_its_end_can_t_be_judged() -> None:
    """Without what the sandbox held at the end there is no verdict."""
    for part in ("allowance", "final"):
        record = make_round()
        setattr(record, part, None)
        with pytest.raises(HarnessError, match="the round ended before"):
            judge_plainly(record)


def test_what_kubernetes_lost_itself_is_no_finding() -> None:
    """Where an acknowledged write is gone from Kubernetes, nothing can be said of the Ingester."""
    record = make_round()
    record.final_writes["uid-of-project-0"] = make_obj(version=99)
    with pytest.raises(HarnessError, match="Kubernetes lost writes"):
        judge_plainly(record)


def test_an_allowance_is_taken_apart_by_its_margin() -> None:
    """A margin of another judgement stands in the place of the round's own, the whole in that of all of it."""
    allowance = allow(1.5)
    assert Limits(margin_s=1.0).apply(allowance).seconds == allowance.seconds - allowance.margin_s + 1.0
    assert Limits(whole_s=3.0).apply(allowance).seconds == 3.0
