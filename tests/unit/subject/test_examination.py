"""What can be wrong with an awaited row, each by its code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

import pytest

from harness.clients.kube import Cluster
from harness.clients.mysql import Database
from harness.core import codes
from harness.core.errors import Refusal
from harness.spec.row import Row
from harness.subject.arrival import Arrivals
from harness.subject.examination import describe_absence, describe_crash, describe_refused_patch, examine_row
from harness.subject.steps import Sync, Update
from harness.subject.subject import Subject, Surroundings
from tests.fakes.context import IMPATIENT
from tests.fakes.contract import CONTRACT
from tests.fakes.world import World

CASE = CONTRACT.get_case("Model")
LABEL = {"metadata": {"labels": {"a": "b"}}}


def make_sync(world: World, patch: dict[str, Any] | None = None) -> Sync:
    """Return the awaited row of a Model that was created, and patched where so asked."""
    surroundings = Surroundings(world.sandbox, cast(Cluster, world), cast(Database, world))
    obj = {"metadata": {"namespace": "n", "name": "m"}, "spec": {"algorithm": "a"}}
    subject = Subject(surroundings, CASE, obj)
    if patch:
        subject.patch(patch)
    arrivals = Arrivals(surroundings, IMPATIENT, tables=[kind.table for kind in CONTRACT.kinds])
    return arrivals.await_row_alone(subject.last)


def change(**columns: Any) -> Callable[[Sync], None]:
    """Return what changes columns of the row."""

    def act(sync: Sync) -> None:
        assert sync.row is not None
        sync.row = Row(sync.row.table, {**sync.row.columns, **columns}, sync.row.labels, sync.row.annotations)

    return act


def see(**fields: Any) -> Callable[[Sync], None]:
    """Return what changes what was seen."""

    def act(sync: Sync) -> None:
        for name, value in fields.items():
            setattr(sync, name, value)

    return act


def test_a_right_row_has_nothing_wrong() -> None:
    """Created, and patched."""
    assert examine_row(make_sync(World())) == []
    assert examine_row(make_sync(World(), LABEL)) == []


@pytest.mark.parametrize(
    ("act", "code", "where"),
    [
        (change(name="x"), codes.ROW_COLUMN, "column name"),
        (change(algorithm="x"), codes.ROW_COLUMN, "column algorithm"),
        (change(json='{"metadata": {}}'), codes.ROW_JSON, "column json, metadata.creationTimestamp"),
        (change(json=""), codes.ROW_JSON, "column json, $"),
        (change(proto=b""), codes.ROW_PROTO, "column proto"),
        (change(create_time=dt.datetime(2026, 3, 9, 20, 51, 8)), codes.ROW_TIME, "column create_time"),
        (change(delete_time=dt.datetime(2026, 3, 9, 20, 51, 9)), codes.ROW_DELETED, "column delete_time"),
        (change(update_time=dt.datetime(2027, 1, 1)), codes.ROW_TIME, "column update_time"),
        (change(update_time=dt.datetime(1970, 1, 1)), codes.ROW_TIME, "column update_time"),
        (change(update_time=None), codes.ROW_TIME, "column update_time"),
        (see(stray_tables=["project"]), codes.ROW_STRAY, "tables with this uid"),
        (see(obj=None), codes.ROW_VERSION, "column res_version"),
    ],
)
def test_each_difference_has_its_code(act: Callable[[Sync], None], code: str, where: str) -> None:
    """Whatever its words, so that a known issue may name it."""
    sync = make_sync(World())
    act(sync)
    assert (code, where) in [(finding.code, finding.where) for finding in examine_row(sync)]


def test_labels_and_annotations_are_compared_by_key() -> None:
    """Each in its own table, duplicates included."""
    sync = make_sync(World())
    assert sync.row is not None
    sync.row = Row(sync.row.table, sync.row.columns, (("a", "1"), ("a", "2")), (("b", "1"),))
    assert [(finding.code, finding.where) for finding in examine_row(sync)] == [
        (codes.ROW_LABELS, "table model_labels, key a"),
        (codes.ROW_ANNOTATIONS, "table model_annotations, key b"),
    ]


def test_a_second_row_of_the_name_is_found() -> None:
    """Unless it is that of an object that is known to be gone."""
    sync = make_sync(World())
    assert sync.row is not None
    other = Row("model", {**sync.row.columns, "uid": "u0"})
    sync.rows = [other, sync.row]
    assert [(f.code, f.actual) for f in examine_row(sync)] == [(codes.ROW_DUPLICATE, "also u0")]
    assert examine_row(sync, ["u0"]) == []


def test_a_row_that_never_came_is_missing() -> None:
    """The finding says for how long, and where it went instead."""
    sync = make_sync(World(["syncs nothing"]))
    (finding,) = examine_row(sync)
    assert (finding.code, finding.where) == (codes.ROW_MISSING, "table model")
    assert finding.expected == "a row with uid u1"
    assert finding.actual.startswith("no row with uid u1, for 0.")
    sync.stray_tables = ["project"]
    sync.rows = [Row("model", {"uid": "u0"})]
    assert "; found in table project instead; the name has rows of other uids: u0" in describe_absence(sync).actual


def test_a_row_that_stays_behind_is_no_missing_one() -> None:
    """It says by how many versions."""
    sync = make_sync(World(["syncs no patch"]), LABEL)
    (finding,) = examine_row(sync)
    assert (finding.code, finding.where) == (codes.ROW_BEHIND, "column res_version")
    assert finding.expected == "101 or later"
    assert finding.actual.startswith("100, 1 behind, for 0.")


def test_a_crash_is_told_with_its_panics() -> None:
    """A known issue may be recognised by them; without a crash, traces count for nothing."""
    sync = make_sync(World(["syncs nothing"]))
    sync.traces = ["panic: nil"]
    assert describe_crash(sync) == ""
    sync.crash = "it is in CrashLoopBackOff"
    assert describe_crash(sync) == "it is in CrashLoopBackOff\npanic: nil"
    assert describe_absence(sync).actual.endswith("; it is in CrashLoopBackOff\npanic: nil")


def test_a_refused_patch_tells_who_deleted_the_object() -> None:
    """As far as that is known."""
    sync = make_sync(World())
    subject, refusal = sync.write.subject, Refusal(404, "NotFound", "gone")
    update = Update(subject, refusal, None, None, 0.0, departed=False, deletion="a controller did")
    finding = describe_refused_patch(update)
    assert (finding.code, finding.where) == (codes.REQUEST_REFUSED, "the patch of Model m")
    assert finding.actual == "404 NotFound: gone\na controller did"
